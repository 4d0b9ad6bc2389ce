// The field tables of DjangoRelease. What `kubectl explain djrel` prints stands here.
#pragma once

#include "crds/conditions/condition_fields.hpp"
#include "crds/kinds/django_release.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace djdb {

template <>
struct Words<ReleaseStepKind> {
    static constexpr std::array kWords{
        std::pair{ReleaseStepKind::Preflight, std::string_view{"Preflight"}},
        std::pair{ReleaseStepKind::Migration, std::string_view{"Migration"}},
        std::pair{ReleaseStepKind::Rollout, std::string_view{"Rollout"}},
    };
};

template <>
struct Words<ReleaseStepState> {
    static constexpr std::array kWords{
        std::pair{ReleaseStepState::Pending, std::string_view{"Pending"}},
        std::pair{ReleaseStepState::InProgress, std::string_view{"InProgress"}},
        std::pair{ReleaseStepState::Succeeded, std::string_view{"Succeeded"}},
        std::pair{ReleaseStepState::Failed, std::string_view{"Failed"}},
    };
};

template <>
struct Words<PlanDecision> {
    static constexpr std::array kWords{
        std::pair{PlanDecision::Allowed, std::string_view{"Allowed"}},
        std::pair{PlanDecision::Approved, std::string_view{"Approved"}},
        std::pair{PlanDecision::ApprovalRequired, std::string_view{"ApprovalRequired"}},
        std::pair{PlanDecision::Refused, std::string_view{"Refused"}},
        std::pair{PlanDecision::Unknown, std::string_view{"Unknown"}},
    };
};

template <>
struct Words<ReleaseOutcome> {
    static constexpr std::array kWords{
        std::pair{ReleaseOutcome::InProgress, std::string_view{"InProgress"}},
        std::pair{ReleaseOutcome::Stalled, std::string_view{"Stalled"}},
        std::pair{ReleaseOutcome::Succeeded, std::string_view{"Succeeded"}},
        std::pair{ReleaseOutcome::Superseded, std::string_view{"Superseded"}},
    };
};

template <>
struct Describe<DatabaseRef> {
    static constexpr std::string_view kDoc = "A DjangoDatabase of the same namespace.";
    static constexpr auto kFields = std::make_tuple(field(
        "name",
        &DatabaseRef::name,
        Presence::Required,
        "Name of the DjangoDatabase.",
        {.min_length = 1,
         .max_length = 253,
         .pattern = kObjectNamePattern,
         .pattern_message = kObjectNameMessage}
    ));
};

template <>
struct Describe<ReleasedTemplate> {
    static constexpr std::string_view kDoc =
        "What a Deployment's app is started with in this release.";
    static constexpr std::string_view kListKey = "deployment";
    static constexpr auto kFields = std::make_tuple(
        field(
            "deployment",
            &ReleasedTemplate::deployment,
            Presence::Required,
            "Name of the Deployment.",
            {.max_length = 253}
        ),
        field(
            "image",
            &ReleasedTemplate::image,
            Presence::Optional,
            "The app image in its Pod template.",
            {.max_length = 4096}
        ),
        field(
            "revision",
            &ReleasedTemplate::revision,
            Presence::Required,
            "Hash of the app container's image, command, args, environment and volumes, and of the "
            "versions of the ConfigMaps and Secrets that these name.",
            {.max_length = 63}
        )
    );
};

template <>
struct Describe<DjangoReleaseSpec> {
    static constexpr std::string_view kDoc = "What was released where.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "databaseRef",
            &DjangoReleaseSpec::database_ref,
            Presence::Required,
            Describe<DatabaseRef>::kDoc
        ),
        field(
            "image",
            &DjangoReleaseSpec::image,
            Presence::Required,
            "The app image of the Deployment that migrates.",
            {.min_length = 1, .max_length = 4096}
        ),
        field(
            "revision",
            &DjangoReleaseSpec::revision,
            Presence::Required,
            "Hash of all templates: another release of the same has the same.",
            {.min_length = 1, .max_length = 63}
        ),
        field(
            "templates",
            &DjangoReleaseSpec::templates,
            Presence::Optional,
            "The labelled Deployments. The ReplicaSet in status.steps keeps the template itself.",
            {.max_items = 256}
        )
    );
};

template <>
struct Describe<ReleaseStep> {
    static constexpr std::string_view kDoc = "One Job, or the rollout of one Deployment.";
    static constexpr std::string_view kListKey = "name";
    static constexpr bool kOmitsEmpty = true;
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &ReleaseStep::name,
            Presence::Required,
            "job/NAME or deployment/NAME.",
            {.max_length = 320}
        ),
        field(
            "kind",
            &ReleaseStep::kind,
            Presence::Required,
            "Preflight: a Pod template was tried out. Migration: django_migrations was brought up "
            "to "
            "date. Rollout: a Deployment's Pods were replaced."
        ),
        field(
            "state",
            &ReleaseStep::state,
            Presence::Required,
            "Pending while a Deployment is held; then InProgress, and Succeeded or Failed."
        ),
        field(
            "startTime",
            &ReleaseStep::start_time,
            Presence::Optional,
            "When the Job was created, or the Deployment was seen to roll."
        ),
        field(
            "endTime",
            &ReleaseStep::end_time,
            Presence::Optional,
            "When the Job's program ended, or the Deployment was seen to be rolled out."
        ),
        field(
            "reason",
            &ReleaseStep::reason,
            Presence::Optional,
            "Why it failed, in one word.",
            {.max_length = 256}
        ),
        field(
            "message",
            &ReleaseStep::message,
            Presence::Optional,
            "Why it failed.",
            {.max_length = 8192}
        ),
        field(
            "answer",
            &ReleaseStep::answer,
            Presence::Optional,
            "All that the Job's program said, as JSON: kubectl get djrel NAME -o "
            "jsonpath='{.status.steps[0].answer}'.",
            {.max_length = 65536}
        ),
        field(
            "log",
            &ReleaseStep::log,
            Presence::Optional,
            "The last lines of the Job's log, without what looks like a password.",
            {.max_length = 8192}
        ),
        field(
            "replicaSet",
            &ReleaseStep::replica_set,
            Presence::Optional,
            "The ReplicaSet that keeps the Pod template which rolled out.",
            {.max_length = 253}
        )
    );
};

template <>
struct Describe<PlannedMigration> {
    static constexpr std::string_view kDoc =
        "A migration that was pending when the release was tried out.";
    static constexpr std::string_view kListKey = "name";
    static constexpr bool kOmitsEmpty = true;
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &PlannedMigration::name,
            Presence::Required,
            "The migration, as app.name.",
            {.max_length = 512}
        ),
        field(
            "phase",
            &PlannedMigration::phase,
            Presence::Optional,
            "Any: the release before it and this one work with and without it. Expand: the one "
            "before it works with it. Contract: it is to come when the one before it is gone. "
            "Break: neither order works in one step. Unknown: code or SQL that can't be judged.",
            {.max_length = 32}
        ),
        field(
            "lock",
            &PlannedMigration::lock,
            Presence::Optional,
            "The strongest lock that it takes on a table that was there before, in PostgreSQL's "
            "words. ACCESS EXCLUSIVE stops readers too.",
            {.max_length = 64}
        ),
        field(
            "tables",
            &PlannedMigration::tables,
            Presence::Optional,
            "Those tables, with their rows and size as PostgreSQL estimates them.",
            {.max_length = 1024}
        ),
        field(
            "effects",
            &PlannedMigration::effects,
            Presence::Optional,
            "What it does besides: loses data, reads or writes every row under its lock, runs code "
            "over rows, can't be undone, is not in one transaction.",
            {.max_length = 256}
        ),
        field(
            "reason",
            &PlannedMigration::reason,
            Presence::Optional,
            "Why it has this phase.",
            {.max_length = 512}
        )
    );
};

template <>
struct Describe<ReleasePlan> {
    static constexpr std::string_view kDoc =
        "What the pending migrations will do, as the pre-flight found it.";
    static constexpr bool kOmitsEmpty = true;
    static constexpr auto kFields = std::make_tuple(
        field(
            "digest",
            &ReleasePlan::digest,
            Presence::Optional,
            "Names this plan in spec.migrations.approvedPlan of the DjangoDatabase. Absent: "
            "nothing is pending, or the plan was not judged.",
            {.max_length = 64}
        ),
        field(
            "decision",
            &ReleasePlan::decision,
            Presence::Optional,
            "Allowed: the spec restricts nothing that is in it. Approved: approvedPlan names it. "
            "ApprovalRequired, Refused: nothing is migrated. Unknown: it was not judged."
        ),
        field(
            "approvedBy",
            &ReleasePlan::approved_by,
            Presence::Optional,
            "Who approved it, as the API server knows him.",
            {.max_length = 512}
        ),
        field(
            "migrations",
            &ReleasePlan::migrations,
            Presence::Optional,
            "In the order in which they are applied.",
            {.max_items = 500}
        )
    );
};

template <>
struct Describe<DjangoReleaseStatus> {
    static constexpr std::string_view kDoc = "How the release went.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "observedGeneration",
            &DjangoReleaseStatus::observed_generation,
            Presence::Optional,
            "The metadata.generation that this status is about; -1 before the first run."
        ),
        field(
            "outcome",
            &DjangoReleaseStatus::outcome,
            Presence::Optional,
            "InProgress. Stalled: a person has to act. Succeeded: all Deployments rolled out; what "
            "happens to their Pods later is told by the DjangoDatabase. Superseded: another "
            "release "
            "took its place before it had succeeded."
        ),
        field(
            "completionTime",
            &DjangoReleaseStatus::completion_time,
            Presence::Optional,
            "When it succeeded or was superseded."
        ),
        field(
            "applied",
            &DjangoReleaseStatus::applied,
            Presence::Optional,
            "Migrations that this release applied, as app.name.",
            {.max_length = 512, .max_items = 1000}
        ),
        field("plan", &DjangoReleaseStatus::plan, Presence::Optional, Describe<ReleasePlan>::kDoc),
        field(
            "steps",
            &DjangoReleaseStatus::steps,
            Presence::Optional,
            "What was done: by kind, and of each kind in order of time.",
            {.max_items = 64}
        ),
        field(
            "conditions",
            &DjangoReleaseStatus::conditions,
            Presence::Optional,
            "Ready once it has succeeded; else it says what is waited for. Stalled when a person "
            "has "
            "to act.",
            {.max_items = 32}
        )
    );
};

static_assert(describes_every_member<
              DatabaseRef,
              ReleasedTemplate,
              DjangoReleaseSpec,
              ReleaseStep,
              PlannedMigration,
              ReleasePlan,
              DjangoReleaseStatus>());

}  // namespace djdb
