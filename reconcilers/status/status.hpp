// What a resource says of itself: pure functions of one run.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "reconcilers/execute/execute.hpp"
#include "reconcilers/workflow.hpp"

#include <chrono>
#include <span>

namespace djdb {

/// The whole status in one value: every stage's condition, Ready, and Reconciling or Stalled while
/// they hold. Deriving twice from equal facts gives equal values, so a settled resource is never
/// written.
DjangoDatabaseStatus derive_status(
    const Desired& desired,
    const Observed& observed,
    std::span<const Stage> stages,
    const Assessment& assessment,
    const Report& report
);

/// When nothing could be observed: what was said of the stages stays, but Ready is unknown.
DjangoDatabaseStatus derive_unknown_status(
    const DjangoDatabase& object, const Failure& failure, TimePoint now
);

/// Whether Ready is unknown by now: what passes by itself is tried again for a minute first (F7);
/// anything else needs a person, who is told at once.
bool makes_unknown(const Failure& failure, std::chrono::seconds since);

/// SQLSTATE, connection phase or HTTP status -> the reason that is shown.
Reason reason_of(const Failure& failure);

/// Waiting repairs nothing: a right or a login is missing, or the content is refused.
bool needs_a_person(const Failure& failure);

}  // namespace djdb
