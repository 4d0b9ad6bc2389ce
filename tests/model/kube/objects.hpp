// Objects as the model API server keeps them: what decisions can depend on, and no more.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "crds/kinds/django_release.hpp"
#include "crds/kinds/postgres_server.hpp"
#include "crds/names.hpp"
#include "crds/sensitive.hpp"
#include "reconcilers/jobs/job.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace djdb::model {

/// In the order in which a roll-out goes through them.
enum class Pods { Unseen, Mixed, Progressing, Terminating, Complete };

struct Deployment {
    ObjectMeta meta;
    /// Value of the database label; empty: none.
    std::string database;
    std::string image;
    std::string pod_template;
    bool paused = false;
    /// The field manager that owns the pause; empty: nobody does.
    std::string paused_by;
    /// By the admission policy.
    bool is_marked = false;
    std::int64_t observed_generation = 0;
    Pods pods = Pods::Progressing;
    /// What its Pods were made from; empty: there are none.
    std::string rolled_template;
    bool rolls = false;
    /// Its template came in, or it was resumed, while the gate was off.
    bool is_ungated = false;
    /// How often a container of its new Pods was started again, and when last.
    std::int64_t restarts = 0;
    std::optional<TimePoint> restarted;
};

enum class JobEnding { None, Succeeded, Failed };

struct Job {
    ObjectMeta meta;
    JobKind kind = JobKind::Migrate;
    std::string database;
    std::string revision;
    std::string image;
    int attempt = 1;
    std::string proves;
    /// What it may apply; none: anything.
    std::optional<std::string> approved;
    ResourceUid controller;
    JobEnding end = JobEnding::None;
    /// Why it failed; empty: its Pod did.
    std::string failure_reason;
    TimePoint created{};
    TimePoint finished{};
    bool expires = false;
    bool has_deadline = true;
    std::chrono::seconds deadline{3600};
};

/// Of a Job, and named like it.
struct Pod {
    ObjectMeta meta;
    std::string database;
    std::string stuck;
    /// Our container has not started: init containers are to end first.
    bool is_initializing = false;
    /// The one that runs; empty: none does.
    std::string init_container;
    /// A container beside ours goes on.
    bool others_run = false;
    /// Its node is lost; from then on nobody says how it fares.
    bool is_lost = false;
    std::optional<TimePoint> grace_ends;
    bool has_ended = false;
    int exit_code = 0;
    /// What the runtime says of the end.
    std::string reason;
    /// The termination message: what the program in it said.
    std::string answer;
    TimePoint finished{};
};

struct Secret {
    ObjectMeta meta;
    ResourceUid controller;
    std::map<std::string, Sensitive> data;
    /// The keys that the operator wrote last.
    std::set<std::string> own_keys;
};

/// A DjangoRelease and whose it is.
struct Record {
    ObjectMeta meta;
    ResourceUid controller;
    std::string database;
    DjangoReleaseSpec spec;
    DjangoReleaseStatus status;
};

/// Who keeps book of keys keeps it of both alike.
using ConfigMap = Secret;

enum class GatePolicy { Intact, Missing, Altered };

/// The release gate's admission policy and its binding, as one object.
struct Gate {
    ObjectMeta meta;
    GatePolicy policy = GatePolicy::Intact;
};
inline const ObjectKey kGateKey{{}, ObjectName("djangodb-release-gate")};

}  // namespace djdb::model
