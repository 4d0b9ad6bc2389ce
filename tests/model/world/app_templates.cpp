#include "tests/model/world/app_templates.hpp"

#include "reconcilers/app_template.hpp"

#include <nlohmann/json.hpp>

namespace djdb::model {

std::string app_template_of(const std::string& pod_template) {
    Workload workload;
    workload.pod_template = PodTemplate(nlohmann::json::parse(pod_template));
    return app_template_hash(workload, {});
}

}  // namespace djdb::model
