// How a release goes, as its record says it. Pure.
//
// of the record                  | the release lane, or what it needs | outcome
// -------------------------------|------------------------------------|------------
// it succeeded or was superseded | any                                | stays
// it is of what is labelled now  | satisfied                          | Succeeded
// else                           | stopped, a person is asked         | Stalled
//                                | stopped otherwise                  | InProgress
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/records/steps.hpp"
#include "reconcilers/status/conditions.hpp"
#include "reconcilers/workflow.hpp"

#include <string>
#include <vector>

namespace djdb {

/// It succeeded or was superseded: but for the ends of its Jobs nothing of it changes any more.
bool is_closed(const DjangoRelease&);
/// Nothing of it changes any more.
bool is_all_told(const DjangoRelease&);

DjangoReleaseStatus
derive_progress(const DjangoRelease&, const std::vector<DjangoRelease>& others, const Desired&, const Observed&, const Assessment&, const std::vector<LaneStop>&, const StepSources&);

/// Another release has taken its place.
DjangoReleaseStatus superseded(const DjangoRelease&, const std::string& by, TimePoint now);

}  // namespace djdb
