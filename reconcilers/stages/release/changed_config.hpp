// A ConfigMap or Secret that changes alone can't be held: the Pods that run go on with it, and new ones begin with it. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/verdict.hpp"

namespace djdb {

/// It changed under a workload that is not held and has passed.
bool is_changed_alone(const Desired&, const Observed&, const Workload&);

/// Whether new Pods would work with it is tried out beside what holds.
Satisfied with_what_changed(const Desired&, const Observed&, Satisfied passed);

}  // namespace djdb
