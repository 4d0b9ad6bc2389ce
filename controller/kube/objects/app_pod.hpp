// A Pod that runs an app, as the API server has it. Pure; any thread.
#pragma once

#include "reconcilers/ports/workload.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace djdb::kube {

/// None: a ReplicaSet of another Deployment made it, or none did, or it ends or has ended.
std::optional<AppPod> decode_app_pod(const nlohmann::json& pod, const ObjectName& deployment);

}  // namespace djdb::kube
