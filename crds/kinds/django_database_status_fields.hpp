// The field tables of DjangoDatabase's status.
#pragma once

#include "crds/conditions/condition_fields.hpp"
#include "crds/kinds/django_database.hpp"

#include <tuple>

namespace djdb {

template <>
struct Describe<WorkloadStatus> {
    static constexpr std::string_view kDoc = "A labelled Deployment as last seen.";
    static constexpr std::string_view kListKey = "name";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &WorkloadStatus::name,
            Presence::Required,
            "Name of the Deployment.",
            {.max_length = 253}
        ),
        field(
            "image",
            &WorkloadStatus::image,
            Presence::Optional,
            "The app image in its Pod template.",
            {.max_length = 4096}
        ),
        field(
            "state",
            &WorkloadStatus::state,
            Presence::Optional,
            "Held: by the gate. PausedByUser: somebody paused it. RollingOut: new Pods are "
            "starting. RolledOut: done.",
            {.max_length = 32}
        ),
        field(
            "podTemplate",
            &WorkloadStatus::pod_template,
            Presence::Optional,
            "Hash of the Pod template that has rolled out; it tells a release from scaling.",
            {.max_length = 32}
        )
    );
};

template <>
struct Describe<ReleaseStatus> {
    static constexpr std::string_view kDoc = "Which image serves and which one is next.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "current",
            &ReleaseStatus::current,
            Presence::Optional,
            "The image that is serving, with its migrations applied.",
            {.max_length = 4096}
        ),
        field(
            "target",
            &ReleaseStatus::target,
            Presence::Optional,
            "The image that the labelled Deployments request, until it is the current one.",
            {.max_length = 4096}
        ),
        field(
            "job",
            &ReleaseStatus::job,
            Presence::Optional,
            "The migration Job of the target, or the last one.",
            {.max_length = 63}
        )
    );
};

template <>
struct Describe<DjangoDatabaseStatus> {
    static constexpr std::string_view kDoc = "What the operator found and did.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "observedGeneration",
            &DjangoDatabaseStatus::observed_generation,
            Presence::Optional,
            "The metadata.generation that this status is about; -1 before the first run."
        ),
        field(
            "phase",
            &DjangoDatabaseStatus::phase,
            Presence::Optional,
            "A summary for people. Programs read the condition Ready.",
            {.max_length = 64}
        ),
        field(
            "secretName",
            &DjangoDatabaseStatus::secret_name,
            Presence::Optional,
            "The Secret that the app reads, for envFrom. The ConfigMap of this name followed by "
            "-ca "
            "has ca.crt, for a volume.",
            {.max_length = 253}
        ),
        field(
            "databaseOid",
            &DjangoDatabaseStatus::database_oid,
            Presence::Optional,
            "OID of the database on the server. While it is set, a lost database is never "
            "replaced by an empty one.",
            {.max_length = 32}
        ),
        field(
            "drift",
            &DjangoDatabaseStatus::drift,
            Presence::Optional,
            "Differences between the server and what is requested. With mode Apply they are "
            "repaired, except for what others added.",
            {.max_length = 512, .max_items = 64}
        ),
        field(
            "release",
            &DjangoDatabaseStatus::release,
            Presence::Optional,
            Describe<ReleaseStatus>::kDoc
        ),
        field(
            "workloads",
            &DjangoDatabaseStatus::workloads,
            Presence::Optional,
            "The labelled Deployments.",
            {.max_items = 256}
        ),
        field(
            "conditions",
            &DjangoDatabaseStatus::conditions,
            Presence::Optional,
            "Ready, Reconciling while at work, Stalled when a person has to act, and one condition "
            "for each stage.",
            {.max_items = 32}
        )
    );
};

static_assert(describes_every_member<WorkloadStatus, ReleaseStatus, DjangoDatabaseStatus>());

}  // namespace djdb
