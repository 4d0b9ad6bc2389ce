// What a resource says of itself: a pure function of one run.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "reconcilers/run.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {

/// The whole status in one value: every stage's condition, Ready, and Reconciling or Stalled while
/// they hold. Deriving twice from equal facts gives equal values, so a settled resource is never
/// written.
DjangoDatabaseStatus derive_status(
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const Outcomes& outcomes
);

/// When nothing could be observed: what was said of the stages stays, but Ready is unknown.
DjangoDatabaseStatus derive_unknown_status(
    const DjangoDatabase& object, const Failure& failure, TimePoint now
);

}  // namespace djdb
