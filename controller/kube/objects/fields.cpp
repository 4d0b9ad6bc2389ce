#include "controller/kube/objects/fields.hpp"

#include "controller/kube/client/wire_json.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {

using nlohmann::json;

const json& child(const json& object, const char* key) {
    static const json kEmpty = json::object();
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? kEmpty : *found;
}

std::string label_of(const json& object, std::string_view name) {
    return text_at(object, {"metadata", "labels", std::string(name).c_str()});
}

std::string index_word(const Namespace& ns, const std::string& value) {
    return ns.str() + "/" + value;
}

runtime::Store::IndexBy index_by_label(std::string_view name) {
    return [name = std::string(name)](const json& object) {
        const auto value = label_of(object, name);
        const Namespace ns(text_at(object, {"metadata", "namespace"}));
        return value.empty() ? std::string{} : index_word(ns, value);
    };
}

const json* find_condition(const json& object, std::string_view type, std::string_view status) {
    for (const auto& condition : child(child(object, "status"), "conditions")) {
        if (condition.value("type", "") == type && condition.value("status", "") == status) {
            return &condition;
        }
    }
    return nullptr;
}

ResourceUid controller_of(const nlohmann::json& object) {
    for (const auto& owner : child(child(object, "metadata"), "ownerReferences")) {
        if (owner.value("controller", false)) {
            return ResourceUid(owner.value("uid", ""));
        }
    }
    return {};
}

}  // namespace djdb::kube
