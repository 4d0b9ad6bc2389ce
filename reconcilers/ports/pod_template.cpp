#include "reconcilers/ports/pod_template.hpp"

#include "reconcilers/ports/content_name.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace djdb {
namespace {

using nlohmann::json;

constexpr auto kStartedWith = {
    "image", "command", "args", "workingDir", "env", "envFrom", "volumeMounts", "volumeDevices"};

json part_of(const json& pod, const json& container) {
    json part;
    for (const auto* field : kStartedWith) {
        if (container.contains(field)) {
            part["container"][field] = container.at(field);
        }
    }
    std::set<std::string> mounted;
    for (const auto* field : {"volumeMounts", "volumeDevices"}) {
        for (const auto& mount : container.value(field, json::array())) {
            mounted.insert(mount.value("name", ""));
        }
    }
    for (const auto& volume : pod.value("volumes", json::array())) {
        if (mounted.contains(volume.value("name", ""))) {
            part["volumes"].push_back(volume);
        }
    }
    return part;
}

/// Where a template refers to a ConfigMap or a Secret, and under which key its name stands there.
struct Reference {
    const char* field;
    PublishedKind kind;
    const char* name;
};
constexpr std::array<Reference, 7> kReferences{{
    {"configMapRef", PublishedKind::ConfigMap, "name"},
    {"configMapKeyRef", PublishedKind::ConfigMap, "name"},
    {"configMap", PublishedKind::ConfigMap, "name"},
    {"secretRef", PublishedKind::Secret, "name"},
    {"secretKeyRef", PublishedKind::Secret, "name"},
    {"secret", PublishedKind::Secret, "secretName"},
    {"secret", PublishedKind::Secret, "name"},  // of a projected volume
}};

void collect(const json& part, std::set<Published>& named) {
    if (part.is_object()) {
        for (const auto& [field, kind, name] : kReferences) {
            const auto found = part.find(field);
            if (found != part.end() && found->is_object() && found->contains(name)) {
                named.insert(Published{kind, ObjectName(found->value(name, std::string{}))});
            }
        }
    }
    if (part.is_structured()) {
        for (const auto& inner : part) {
            collect(inner, named);
        }
    }
}

StartedContainer read_container(const json& pod, const json& container) {
    auto part = part_of(pod, container);
    std::set<Published> configs;
    collect(part, configs);
    const auto hash = name_by_content(part.dump());
    for (const auto* field : {"command", "args"}) {
        part["container"].erase(field);
    }
    return {
        container.value("name", ""),
        ImageRef(container.value("image", "")),
        hash,
        name_by_content(part.dump()),
        {configs.begin(), configs.end()},
        container.value("imagePullPolicy", "") == "Always",
        !container.value("ports", json::array()).empty() && !container.contains("readinessProbe")};
}

const StartedContainer* find_in(
    const std::vector<StartedContainer>& containers, const std::string& name
) {
    const auto found = std::ranges::find(containers, name, &StartedContainer::name);
    return found == containers.end() ? nullptr : &*found;
}

}  // namespace

PodTemplate::PodTemplate(const json& pod_template) : text_(pod_template.dump()) {
    if (const json::json_pointer labels("/metadata/labels"); pod_template.contains(labels)) {
        labels_ = pod_template.at(labels).get<std::map<std::string, std::string>>();
    }
    const auto pod = pod_template.find("spec");
    if (pod == pod_template.end() || !pod->contains("containers")) {
        return;
    }
    for (const auto& container : pod->at("containers")) {
        containers_.push_back(read_container(*pod, container));
    }
    for (const auto& container : pod->value("initContainers", json::array())) {
        init_containers_.push_back(read_container(*pod, container));
    }
    if (!containers_.empty()) {
        const json::json_pointer chosen(
            "/metadata/annotations/kubectl.kubernetes.io~1default-container"
        );
        const auto name = pod_template.value(chosen, "");
        default_container_ = find(name) != nullptr ? name : containers_.front().name;
    }
}

const StartedContainer* PodTemplate::find(const std::string& container) const {
    return find_in(containers_, container);
}

const StartedContainer* PodTemplate::find_init(const std::string& container) const {
    return find_in(init_containers_, container);
}

}  // namespace djdb
