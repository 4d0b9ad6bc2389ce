#include "reconcilers/stages/release/workload_facts.hpp"

#include "reconcilers/image_ref.hpp"
#include "reconcilers/ports/content_name.hpp"

#include <algorithm>

namespace djdb {

std::optional<ImageRef> common_image(const Desired& desired, const Observed& observed) {
    std::optional<ImageRef> common;
    for (const auto& workload : observed.release.workloads) {
        const auto image = app_image(workload, desired.object.spec.app);
        if (!image || (common && !is_one_release(*common, *image))) {
            return std::nullopt;
        }
        if (!common || has_digest(*image)) {
            common = image;
        }
    }
    return common;
}

std::string template_hash(const Workload& workload) {
    return name_by_content(workload.meta.uid.str() + "\n" + workload.pod_template.text());
}

bool is_rolled_out(const Desired& desired, const Workload& workload) {
    if (workload.hold || workload.pods == PodsState::Mixed) {
        return false;
    }
    const auto hash = template_hash(workload);
    return workload.pods == PodsState::Complete ||
           std::ranges::any_of(desired.object.status.workloads, [&](const WorkloadStatus& known) {
               return known.name == workload.meta.key.name.str() && known.pod_template == hash;
           });
}

Workload former_of(const Workload& workload, const RolledTemplate& rolled) {
    auto former = workload;
    former.pod_template = rolled.pod_template;
    return former;
}

bool is_held(const Workload& workload) {
    return workload.hold && workload.held_by.empty();
}

bool is_paused_by_user(const Workload& workload) {
    return workload.hold && !workload.held_by.empty();
}

}  // namespace djdb
