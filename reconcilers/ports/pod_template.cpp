#include "reconcilers/ports/pod_template.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb {

PodTemplate::PodTemplate(const nlohmann::json& pod_template) : text_(pod_template.dump()) {
    const nlohmann::json::json_pointer path("/spec/containers");
    if (!pod_template.contains(path)) {
        return;
    }
    for (const auto& container : pod_template.at(path)) {
        images_.emplace_back(container.value("name", ""), ImageRef(container.value("image", "")));
    }
}

std::optional<ImageRef> PodTemplate::image_of(const std::string& container) const {
    const auto found = std::ranges::find_if(images_, [&](const auto& entry) {
        return container.empty() || entry.first == container;
    });
    return found == images_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace djdb
