// The field tables of DjangoRelease. What `kubectl explain djrel` prints stands here.
#pragma once

#include "crds/conditions/condition_fields.hpp"
#include "crds/kinds/django_release.hpp"

#include <tuple>

namespace djdb {

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
            "The app image, as the Pod template names it.",
            {.min_length = 1, .max_length = 4096}
        ),
        field(
            "revision",
            &DjangoReleaseSpec::revision,
            Presence::Required,
            "Hash of resource, image and Pod template.",
            {.min_length = 1, .max_length = 63}
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
            "applied",
            &DjangoReleaseStatus::applied,
            Presence::Optional,
            "Migrations that this release applied, as app.name.",
            {.max_length = 512, .max_items = 1000}
        ),
        field(
            "conditions",
            &DjangoReleaseStatus::conditions,
            Presence::Optional,
            "Conditions of the release.",
            {.max_items = 32}
        )
    );
};

static_assert(describes_every_member<DatabaseRef, DjangoReleaseSpec, DjangoReleaseStatus>());

}  // namespace djdb
