// Parts of an object as the API server shows it. Whatever is missing or null reads as empty. Pure.
#pragma once

#include "controller/runtime/store.hpp"
#include "crds/names.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace djdb::kube {

/// An empty object when there is no such member.
const nlohmann::json& child(const nlohmann::json& object, const char* key);

/// Empty when the object has no such label.
std::string label_of(const nlohmann::json& object, std::string_view name);

/// UID of the owner reference that controls the object; empty when nobody does.
ResourceUid controller_of(const nlohmann::json& object);

/// For a cache of namespaced objects that are asked for by namespace and this label's value.
runtime::Store::IndexBy index_by_label(std::string_view name);
/// The word of that index.
std::string index_word(const Namespace& ns, const std::string& value);

/// Of status.conditions; nullptr when there is none of that type and status.
const nlohmann::json* find_condition(
    const nlohmann::json& object, std::string_view type, std::string_view status
);

}  // namespace djdb::kube
