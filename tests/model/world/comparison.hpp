// What a history comes to in the end and what it took, and how that differs from an undisturbed run of
// the same users' deeds.
#pragma once

#include "tests/model/world/world.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace djdb::model {

/// What matters of a world, each fact under a name that people read. Passwords, OIDs, UIDs, versions
/// and times are no facts; that they fit together is one.
using Facts = std::map<std::string, std::string>;

/// What makes work beyond what users ask for.
struct Troubles {
    std::uint64_t crashes = 0;
    std::uint64_t failures = 0;  ///< calls that failed, and lost replies
    std::uint64_t delays = 0;    ///< calls and watches that took very long
    std::uint64_t deeds = 0;     ///< of others than users, and users' mistakes
    std::uint64_t attempts = 0;  ///< at a migration, that did not succeed
    std::uint64_t retries = 0;   ///< Jobs that a user removed, so that they are made again

    [[nodiscard]] std::uint64_t sum() const {
        return crashes + failures + delays + deeds + attempts + retries;
    }
};

struct Ending {
    Facts facts;
    EffectCounts effects;
    Troubles troubles;
    /// That users gave the Deployments: whether an attempt begins before the next one comes is chance.
    std::uint64_t templates = 0;
    /// How long watches take, as a rule.
    Millis lag = 0;
    bool has_rivals = false;
};

Facts facts_of(const World&);

/// The end is the same, and no kind of effect was had more often than
///     (times undisturbed + one for each trouble) * runs until a watch tells of it * operators,
/// with two for each trouble of the server's status, and one for each Pod template of what an attempt begins with.
/// @return what differs, a line each
std::vector<std::string> compare(const Ending& ended, const Ending& undisturbed);

}  // namespace djdb::model
