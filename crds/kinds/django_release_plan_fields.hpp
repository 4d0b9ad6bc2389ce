// The field tables of the plan in a DjangoRelease.
#pragma once

#include "crds/describe.hpp"
#include "crds/kinds/django_release.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace djdb {

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

static_assert(describes_every_member<PlannedMigration, ReleasePlan>());

}  // namespace djdb
