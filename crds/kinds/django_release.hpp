// DjangoRelease: the record of one release on one database. The operator makes and keeps it, people read it, and no
// decision is derived from it. Plain values; the field tables stand in django_release_fields.hpp.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/kinds/django_database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace djdb {

struct DatabaseRef {
    std::string name;
    friend bool operator==(const DatabaseRef&, const DatabaseRef&) = default;
};

/// What a labelled Deployment's app is started with in a release. The template itself may hold passwords, so it is
/// named and not copied.
struct ReleasedTemplate {
    std::string deployment;
    std::string image;
    std::string revision;
    friend bool operator==(const ReleasedTemplate&, const ReleasedTemplate&) = default;
};

struct DjangoReleaseSpec {
    DatabaseRef database_ref;
    std::string image;
    std::string revision;
    std::vector<ReleasedTemplate> templates;
    friend bool operator==(const DjangoReleaseSpec&, const DjangoReleaseSpec&) = default;
};

enum class ReleaseStepKind { Preflight, Backup, Migration, Rollout, Verification };
enum class ReleaseStepState {
    Pending,  ///< a Deployment is held
    InProgress,
    Succeeded,
    Failed,
};

struct ReleaseStep {
    /// job/NAME or deployment/NAME, as kubectl takes it.
    std::string name;
    ReleaseStepKind kind = ReleaseStepKind::Preflight;
    ReleaseStepState state = ReleaseStepState::InProgress;
    std::optional<TimePoint> start_time;
    std::optional<TimePoint> end_time;
    /// Why it failed; empty while it did not.
    std::string reason;
    std::string message;
    /// All that the Job's program answered, as JSON.
    std::string answer;
    /// The last lines of the Job's log.
    std::string log;
    /// Of a rollout.
    std::string replica_set;
    friend bool operator==(const ReleaseStep&, const ReleaseStep&) = default;
};

/// A migration that was pending when its release was tried out. The program that says so is the tenant's.
struct PlannedMigration {
    /// As app.name.
    std::string name;
    /// Whether it may be applied while the release before it runs.
    std::string phase;
    /// The strongest one that it takes on a table that was there, in PostgreSQL's words.
    std::string lock;
    /// With rows and size.
    std::string tables;
    /// What it does besides, such as "loses data".
    std::string effects;
    /// Of its phase.
    std::string reason;
    friend bool operator==(const PlannedMigration&, const PlannedMigration&) = default;
};

enum class PlanDecision {
    Allowed,   ///< the spec restricts nothing that is in it
    Approved,  ///< spec.migrations.approvedPlan names it
    ApprovalRequired,
    Refused,
    Unknown,  ///< the spec restricts something, and nobody has judged the plan
};

struct ReleasePlan {
    /// Names it in an approval; empty: nothing is pending, or it was not judged.
    std::string digest;
    PlanDecision decision = PlanDecision::Unknown;
    /// Who approved it; empty: nobody did, or it is not known.
    std::string approved_by;
    std::vector<PlannedMigration> migrations;
    friend bool operator==(const ReleasePlan&, const ReleasePlan&) = default;
};

/// The dump that a way back begins with.
struct ReleaseBackup {
    std::string file;
    std::string claim_name;
    std::int64_t bytes = 0;
    std::string sha256;
    /// When it was begun: what was written later is not in it.
    std::optional<TimePoint> time;
    friend bool operator==(const ReleaseBackup&, const ReleaseBackup&) = default;
};

enum class ReleaseOutcome {
    InProgress,
    Stalled,     ///< a person has to act
    Succeeded,   ///< rolled out, once: what happens to its Pods later is no part of it
    Superseded,  ///< another one took its place before it had succeeded
};

struct DjangoReleaseStatus {
    std::int64_t observed_generation = -1;
    ReleaseOutcome outcome = ReleaseOutcome::InProgress;
    std::optional<TimePoint> completion_time;
    /// Migrations that this release applied, as app.name.
    std::vector<std::string> applied;
    /// As the last pre-flight found it.
    ReleasePlan plan;
    /// The one before its first migration.
    ReleaseBackup backup;
    std::vector<ReleaseStep> steps;
    std::vector<Condition> conditions;
    friend bool operator==(const DjangoReleaseStatus&, const DjangoReleaseStatus&) = default;
};

struct DjangoRelease {
    ObjectMeta meta;
    DjangoReleaseSpec spec;
    DjangoReleaseStatus status;
    /// What of the spec can't be read; the spec is as good as none then.
    std::string undecodable;
    friend bool operator==(const DjangoRelease&, const DjangoRelease&) = default;
};

}  // namespace djdb
