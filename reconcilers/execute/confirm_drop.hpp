// Before what can't be undone the API server itself is asked: caches may be of the past.
#pragma once

#include "reconcilers/observe/observed.hpp"
#include "reconcilers/ports/cluster.hpp"

namespace djdb {

/// Decides anew whether the database is to be dropped, by both resources as they are now. Throws
/// Conflict when it is not: nothing was touched, and the next run sees why.
void confirm_drop(const Desired& judged, const Observed&, Cluster&, const CallContext&);

}  // namespace djdb
