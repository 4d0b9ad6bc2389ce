// A Deployment as the API server shows it -> the facts that decisions need. Pure.
#pragma once

#include "reconcilers/ports/cluster.hpp"

#include <nlohmann/json_fwd.hpp>

namespace djdb::kube {

/// @param deployment with managedFields: whose pause it is stands there and nowhere else
Workload decode_workload(const nlohmann::json& deployment);
RolledTemplate decode_rolled_template(const nlohmann::json& replica_set);

}  // namespace djdb::kube
