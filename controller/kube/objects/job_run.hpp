// A Job of ours and its Pods as the API server shows them -> one value. What it means is not said here. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace djdb::kube {

/// On each Pod that a Job's controller makes.
inline constexpr std::string_view kJobNameLabel = "batch.kubernetes.io/job-name";

/// The Job's own container: admission may have put others beside it in the Pod.
std::string own_container_of(const nlohmann::json& job);

/// @param pods all that carry the Job's name
JobRun decode_job(
    JobKind kind,
    const nlohmann::json& job,
    const std::vector<std::shared_ptr<const nlohmann::json>>& pods
);
/// @param pods as the API server lists them; of others' Pods nothing is said
JobRun decode_job(JobKind kind, const nlohmann::json& job, const std::vector<nlohmann::json>& pods);

}  // namespace djdb::kube
