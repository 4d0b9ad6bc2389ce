#include "reconcilers/manifests/job_programs.hpp"

#include "reconcilers/manifests/metadata.hpp"

#include <nlohmann/json.hpp>

namespace djdb {

using nlohmann::json;

json render_job_programs(const Desired& desired) {
    auto files = json::object();
    for (const auto& file : job_programs()) {
        files[file.name] = file.text;
    }
    return {
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", render_metadata(desired, desired.migration_name.str())},
        {"data", files}};
}

}  // namespace djdb
