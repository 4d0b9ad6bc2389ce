// Which Events a run is worth: pure functions of what was done and of the statuses before and after.
#pragma once

#include "reconcilers/observe/observed.hpp"
#include "reconcilers/ports/event.hpp"
#include "reconcilers/run.hpp"

#include <vector>

namespace djdb {

/// What the steps have to tell, and what they repaired.
std::vector<Event> events_of_steps(const Desired&, const Observed&, const Outcomes&);

/// That Ready has another reason than before; none for reasons that pass by themselves.
std::vector<Event> events_of_change(
    const DjangoDatabase& before, const DjangoDatabaseStatus& after
);

/// A release goes on without its record; of one that somebody else wrote meanwhile nothing is told.
std::vector<Event> events_of_record(const DjangoDatabase&, const Failure&);

/// The gate holds Deployments whose label names nothing: nobody else would say why.
std::vector<Event> events_of_missing(
    const ObjectKey& database, const std::vector<Workload>& workloads
);

}  // namespace djdb
