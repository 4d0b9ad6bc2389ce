// One history: users' script, faults, and whether the rules held to the end.
#pragma once

#include "tests/model/world/comparison.hpp"
#include "tests/model/world/story.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace djdb::model {

/// What a history is made of. The same course gives the same history.
struct Course {
    Script script;
    FaultPlan faults;
    /// Of all chance that is left.
    std::uint64_t seed = 0;
};

struct Outcome {
    /// The rule that was broken, if one was.
    std::optional<std::string> violation;
    std::vector<std::string> history;
    std::vector<Deed> deeds;
    Ending ending;
    std::uint64_t effects = 0;
    std::uint64_t runs = 0;
};

Course draw_course(std::uint64_t seed);
Outcome play(const Course&, bool keeps_history);
/// An end that is not as an undisturbed run's is a violation too, unless a deed leads to another one.
Outcome judge(Outcome);
/// All three, of one seed.
Outcome simulate(std::uint64_t seed, bool keeps_history);

}  // namespace djdb::model
