// A Job of ours and its Pods as the API server shows them -> one value. What it means is not said here. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <vector>

namespace djdb::kube {

/// @param pods all that carry the Job's name
JobRun decode_job(
    JobKind kind,
    const nlohmann::json& job,
    const std::vector<std::shared_ptr<const nlohmann::json>>& pods
);

}  // namespace djdb::kube
