// Whether a Job would run beside another one, asked of the API server itself: the caches may not show
// yet what was made a moment ago, by this process or by another one.
#pragma once

#include "controller/kube/client/client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace djdb::kube {

/// @return the name of a Job of the same resource, other than this one, that is not over
std::optional<std::string> find_running_job(
    Client& client, const nlohmann::json& job, const CallContext& call
);

}  // namespace djdb::kube
