// What the port is given as a manifest: whose it is, and what is in it.
#pragma once

#include "reconcilers/ports/cluster.hpp"

#include <nlohmann/json.hpp>

namespace djdb::model {

using nlohmann::json;

inline ObjectKey key_in(const json& manifest) {
    const auto& metadata = manifest.at("metadata");
    return {
        Namespace(metadata.at("namespace").get<std::string>()),
        ObjectName(metadata.at("name").get<std::string>())};
}

inline ResourceUid owner_in(const json& manifest) {
    return ResourceUid(
        manifest.at("metadata").at("ownerReferences").at(0).at("uid").get<std::string>()
    );
}

inline std::map<std::string, std::string> texts_of(const SecretData& data) {
    std::map<std::string, std::string> texts;
    for (const auto& [key, value] : data) {
        texts.emplace(key, value.reveal());
    }
    return texts;
}

inline SecretData data_in(const json& manifest) {
    SecretData data;
    for (const auto& [name, value] : manifest.at("data").items()) {
        data.emplace(name, Sensitive(value.get<std::string>()));
    }
    return data;
}

}  // namespace djdb::model
