// One history from one seed: users' script, faults, and whether the rules held to the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace djdb::model {

struct Outcome {
    /// The rule that was broken, if one was.
    std::optional<std::string> violation;
    std::vector<std::string> history;
    std::uint64_t effects = 0;
    std::uint64_t runs = 0;
    std::uint64_t crashes = 0;
    std::uint64_t failures = 0;
    std::uint64_t writes = 0;
};

/// The same seed gives the same history.
Outcome simulate(std::uint64_t seed, bool keeps_history);

}  // namespace djdb::model
