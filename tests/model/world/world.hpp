// Everything that one history is played in.
#pragma once

#include "tests/model/kube/api_server.hpp"
#include "tests/model/postgres/server.hpp"
#include "tests/model/world/faults.hpp"
#include "tests/model/world/history.hpp"
#include "tests/model/world/random.hpp"
#include "tests/model/world/rules.hpp"
#include "tests/model/world/timeline.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>

namespace djdb::model {

inline const Namespace kOperatorNamespace("djangodb-system");
/// The Secret with the server's CA.
inline const ObjectKey kMainCa{kOperatorNamespace, ObjectName("main-ca")};

/// The Secret that keeps a resource's passwords.
inline ObjectKey stored_passwords_of(const ResourceUid& resource) {
    return {kOperatorNamespace, ObjectName("djangodb-" + resource.str())};
}

/// How one attempt at an image's migration ends.
enum class Attempt {
    Succeeds,
    WaitsForLock,
    Breaks,
    IsKilled,
    LosesAnswer,
    LosesNode,  ///< its Pod is deleted by force in the end; what it has in the database stays
    Lies,
    NeverStarts
};

/// How one backup Job ends.
enum class BackupAttempt {
    Succeeds,
    StartsLate,  ///< its image is not there yet
    DumpFails,
    ReadBackFails,
    IsKilled,  ///< with the dump read back, and before it is kept
    NamesNoDump,
    LosesAnswer,
    LosesNode,
    Hangs,       ///< up to its deadline
    HasSidecar,  ///< a container beside ours goes on for ever
};

/// How one Job ends that is to prove what rolled out.
enum class VerifyAttempt {
    Succeeds,
    NeverStarts,  ///< up to its deadline
    Fails,        ///< the app does not work
    IsKilled,
    IsCutOff,  ///< from the server
    LosesAnswer,
    LosesNode,
    HasSidecar  ///< a container beside ours goes on for ever
};

struct World {
    World(std::uint64_t seed, FaultPlan plan, bool keeps_history)
        : random(seed),
          history(timeline, keeps_history),
          api(timeline),
          rules(api, postgres, leaves, history),
          faults(timeline, history, random.fork(), plan) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Random random;
    Timeline timeline;
    History history;
    ApiServer api;
    PgServer postgres;
    Leaves leaves;
    /// Of each image's attempts, the next ones; when none is left it succeeds.
    std::map<std::string, std::deque<Attempt>> attempts;
    /// The next backups, of any image; when none is left they succeed.
    std::deque<BackupAttempt> backups;
    /// Of the Jobs that prove an image, the next ones; when none is left they succeed.
    std::map<std::string, std::deque<VerifyAttempt>> verifications;
    /// For some time nobody asked for it: what passed then stays unproven.
    bool was_not_verified = false;
    /// Ends of Jobs' Pods other than well.
    std::uint64_t failed_attempts = 0;
    Rules rules;
    Faults faults;
    /// Each other operator goes through a whole run, if there is one.
    std::function<void()> rivals_turn = [] {};
};

}  // namespace djdb::model
