// Objects of the model API server as the facts that the port Cluster gives, and those that it is given.
#pragma once

#include "reconcilers/jobs/job.hpp"
#include "reconcilers/ports/workload.hpp"
#include "tests/model/kube/objects.hpp"

#include <nlohmann/json_fwd.hpp>

namespace djdb::model {

/// @throws std::bad_optional_access for a kind that the product does not know itself
Job job_in(const nlohmann::json& manifest);
PodsState state_of(const Deployment& deployment);
/// @param pod nullptr when the view has none
JobRun facts_of(const Job& job, const Pod* pod);

}  // namespace djdb::model
