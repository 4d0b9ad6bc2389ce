// What Events say of an object. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <vector>

namespace djdb::kube {

/// Reason and note of the last of these Events (events.k8s.io/v1), if it is a warning: what came before is over, as
/// a failed mount is once the image is being pulled. Of several in one second, the smallest step that the kubelet and
/// the Job controller note, the warning counts.
std::optional<Explanation> last_warning(const std::vector<nlohmann::json>& events);

}  // namespace djdb::kube
