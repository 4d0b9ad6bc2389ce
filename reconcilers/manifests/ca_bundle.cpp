#include "reconcilers/manifests/ca_bundle.hpp"

#include "reconcilers/manifests/metadata.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb {
namespace {

using nlohmann::json;

/// @param source of a volume; without items it has all keys
bool has_ca(const json& source, const char* name_field, const ObjectName& secret) {
    if (source.value(name_field, "") != secret.str()) {
        return false;
    }
    const auto items = source.value("items", json::array());
    return items.empty() || std::ranges::any_of(items, [](const json& item) {
               return item.value("key", "") == kCaKey;
           });
}

}  // namespace

json render_ca_bundle(const Desired& desired, const std::string& ca_pem) {
    return {
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", render_metadata(desired, desired.ca_name.str())},
        {"data", {{kCaKey, ca_pem}}}};
}

bool mounts_ca_of(const PodTemplate& pod_template, const ObjectName& secret) {
    const auto pod = json::parse(pod_template.text()).value("spec", json::object());
    const auto volumes = pod.value("volumes", json::array());
    return std::ranges::any_of(volumes, [&](const json& volume) {
        if (volume.contains("secret")) {
            return has_ca(volume.at("secret"), "secretName", secret);
        }
        const auto sources = volume.value("/projected/sources"_json_pointer, json::array());
        return std::ranges::any_of(sources, [&](const json& source) {
            return source.contains("secret") && has_ca(source.at("secret"), "name", secret);
        });
    });
}

}  // namespace djdb
