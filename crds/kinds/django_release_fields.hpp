// The field tables of DjangoRelease. What `kubectl explain djrel` prints stands here.
#pragma once

#include "crds/conditions/condition_fields.hpp"
#include "crds/kinds/django_release.hpp"
#include "crds/kinds/django_release_plan_fields.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace djdb {

template <>
struct Words<ReleaseStepKind> {
    static constexpr std::array kWords{
        std::pair{ReleaseStepKind::Preflight, std::string_view{"Preflight"}},
        std::pair{ReleaseStepKind::Backup, std::string_view{"Backup"}},
        std::pair{ReleaseStepKind::Migration, std::string_view{"Migration"}},
        std::pair{ReleaseStepKind::Rollout, std::string_view{"Rollout"}},
        std::pair{ReleaseStepKind::Verification, std::string_view{"Verification"}},
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
            "Preflight: a Pod template was tried out. Backup: the database was dumped. Migration: "
            "django_migrations was brought up to date. Rollout: a Deployment's Pods were replaced. "
            "Verification: what rolled out was proven to read and write."
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
struct Describe<ReleaseBackup> {
    static constexpr std::string_view kDoc =
        "The backup that was made before its first migration, read back whole. Absent: none was.";
    static constexpr bool kOmitsEmpty = true;
    static constexpr auto kFields = std::make_tuple(
        field(
            "file",
            &ReleaseBackup::file,
            Presence::Optional,
            "A dump in pg_dump's custom format, on the claim.",
            {.max_length = 512}
        ),
        field(
            "claimName",
            &ReleaseBackup::claim_name,
            Presence::Optional,
            "The PersistentVolumeClaim that it is kept on.",
            {.max_length = 253}
        ),
        field("bytes", &ReleaseBackup::bytes, Presence::Optional, "Its size in bytes."),
        field(
            "sha256",
            &ReleaseBackup::sha256,
            Presence::Optional,
            "Its SHA-256; the file of the same name with .sha256 has it too.",
            {.max_length = 64}
        ),
        field(
            "time",
            &ReleaseBackup::time,
            Presence::Optional,
            "When it was begun: what was written later is not in it."
        )
    );
};

template <>
struct Describe<DjangoReleaseStatus> {
    static constexpr std::string_view kDoc = "How the release went.";
    static constexpr bool kOmitsEmpty = true;
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
            "InProgress. Stalled: a person has to act. Succeeded: all Deployments rolled out and "
            "were "
            "proven, if spec.verify asks for it; what "
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
            "backup",
            &DjangoReleaseStatus::backup,
            Presence::Optional,
            Describe<ReleaseBackup>::kDoc
        ),
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
              ReleaseBackup,
              DjangoReleaseStatus>());

}  // namespace djdb
