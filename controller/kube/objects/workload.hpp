// Deployments, Jobs and Pods as the API server shows them -> the facts that decisions need. Pure.
#pragma once

#include "reconcilers/ports/cluster.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace djdb::kube {

/// Empty when the object has no such label.
std::string label_of(const nlohmann::json& object, std::string_view name);

/// @param deployment with managedFields: whose pause it is stands there and nowhere else
Workload decode_workload(const nlohmann::json& deployment);

/// @param pods all Pods that carry the Job's name; their termination message is the answer of
/// jobs/migrate.py
MigrationJob decode_migration_job(
    const nlohmann::json& job, const std::vector<std::shared_ptr<const nlohmann::json>>& pods
);

}  // namespace djdb::kube
