// Which labels the Pod of a Job has. Pure.
//
// spec.app.podLabels.policy | of the Pod template's labels it keeps
// --------------------------|------------------------------------------------------------------
// Identity                  | all but those by which a labelled Deployment selects its Pods
// Keep                      | all
// None                      | none
//
// Beside them it has those of spec.app.podLabels.add, and those that the operator needs, which always win.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <map>
#include <string>

namespace djdb {

/// Those that the operator needs are not among them. Else a Service, a PodDisruptionBudget or an autoscaler that selects
/// the app's Pods would take this one for one of them.
std::map<std::string, std::string> pod_labels(
    const Desired&, const Observed&, const Workload& source
);

}  // namespace djdb
