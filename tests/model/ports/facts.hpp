// Objects of the model API server as the facts that the port Cluster gives.
#pragma once

#include "reconcilers/jobs/job.hpp"
#include "reconcilers/ports/workload.hpp"
#include "tests/model/kube/objects.hpp"

namespace djdb::model {

PodsState state_of(const Deployment& deployment);
/// @param pod nullptr when the view has none
JobRun facts_of(const Job& job, const Pod* pod);

}  // namespace djdb::model
