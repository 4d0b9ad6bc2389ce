#include "reconcilers/stages/release/pod_labels.hpp"

#include <algorithm>

namespace djdb {
namespace {

bool selects_by(const Observed& observed, const std::string& key) {
    return std::ranges::any_of(observed.release.workloads, [&](const Workload& workload) {
        return workload.selector_keys.contains(key);
    });
}

}  // namespace

std::map<std::string, std::string> pod_labels(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    const auto& [policy, add] = desired.object.spec.app.pod_labels;
    auto labels = add;
    if (policy == PodLabelsPolicy::None) {
        return labels;
    }
    for (const auto& [key, value] : source.pod_template.labels()) {
        if (policy == PodLabelsPolicy::Keep || !selects_by(observed, key)) {
            labels.emplace(key, value);
        }
    }
    return labels;
}

}  // namespace djdb
