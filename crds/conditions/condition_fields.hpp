// The field table of conditions, which all kinds have.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/describe.hpp"

#include <tuple>

namespace djdb {

template <>
struct Describe<Condition> {
    static constexpr std::string_view kDoc =
        "One thing that holds, does not hold, or is not known yet.";
    static constexpr std::string_view kListKey = "type";
    static constexpr auto kFields = std::make_tuple(
        field(
            "type",
            &Condition::type,
            Presence::Required,
            "What it is about; docs/conditions.md lists them."
        ),
        field(
            "status",
            &Condition::status,
            Presence::Required,
            "True: it holds. False: it does not. Unknown: an earlier stage comes first, or it "
            "could not be checked."
        ),
        field(
            "reason",
            &Condition::reason,
            Presence::Required,
            "One word for programs; docs/conditions.md lists them."
        ),
        field(
            "message",
            &Condition::message,
            Presence::Required,
            "What happened, what was left untouched, what to do.",
            {.max_length = 32768}
        ),
        field(
            "observedGeneration",
            &Condition::observed_generation,
            Presence::Required,
            "The metadata.generation that this is about."
        ),
        field(
            "lastTransitionTime",
            &Condition::last_transition,
            Presence::Required,
            "When the status last changed; reason and message may be newer."
        )
    );
};

static_assert(describes_every_member<Condition>());

}  // namespace djdb
