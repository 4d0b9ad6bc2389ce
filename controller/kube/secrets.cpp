// The Cluster port's part for Secrets, and for the ConfigMaps that are published as they are.
#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/config/base64.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/refusal.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

using nlohmann::json;

constexpr auto kSecretManager = "djangodb-operator-secrets";

constexpr auto kData = "data";
/// Of a ConfigMap: what is not UTF-8, in base64. A key stands in one of the two.
constexpr auto kBinaryData = "binaryData";

/// The keys of `field` that we wrote last, as the API server keeps book of it in managedFields.
std::set<std::string> own_keys(const json& object, const std::string& field) {
    const json::json_pointer path("/fieldsV1/f:" + field);
    std::set<std::string> keys;
    for (const auto& entry : object.at("metadata").value("managedFields", json::array())) {
        if (entry.value("manager", "") != kSecretManager) {
            continue;
        }
        const auto data = entry.value(path, json::object());
        for (const auto& [key, value] : data.items()) {
            if (key.starts_with("f:")) {
                keys.insert(key.substr(2));
            }
        }
    }
    return keys;
}

std::string version_of(const json& object) {
    return text_at(object, {"metadata", "uid"}) + "/" +
           text_at(object, {"metadata", "resourceVersion"});
}

SecretFacts decode_secret(const json& secret) {
    SecretFacts facts;
    facts.version = version_of(secret);
    facts.controller = controller_of(secret);
    // A name of its own: items() only refers to what it walks.
    const auto data = secret.value("data", json::object());
    for (const auto& [key, value] : data.items()) {
        // An empty value may come as null.
        facts.data.emplace(
            key, Sensitive(value.is_string() ? decode_base64(value.get<std::string>()) : "")
        );
    }
    facts.own_keys = own_keys(secret, kData);
    return facts;
}

ConfigMapFacts decode_config_map(const json& object) {
    ConfigMapFacts facts;
    facts.version = version_of(object);
    facts.controller = controller_of(object);
    const auto texts = object.value(kData, json::object());
    for (const auto& [key, value] : texts.items()) {
        facts.data.emplace(key, value.is_string() ? value.get<std::string>() : "");
    }
    const auto bytes = object.value(kBinaryData, json::object());
    for (const auto& [key, value] : bytes.items()) {
        facts.data.emplace(key, value.is_string() ? decode_base64(value.get<std::string>()) : "");
    }
    return facts;
}

json encode_data(const SecretData& data) {
    auto out = json::object();
    for (const auto& [key, value] : data) {
        out[key] = encode_base64(value.reveal());
    }
    return out;
}

bool is_utf8(const json& text) {
    try {
        return !text.dump().empty();
    } catch (const json::type_error&) {
        return false;
    }
}

/// A JSON text has to be UTF-8, and a CA may come with comments in another encoding.
void encode_binary_data(json& config_map) {
    const auto data = config_map.value(kData, json::object());
    for (const auto& [key, value] : data.items()) {
        if (!is_utf8(value)) {
            config_map[kData].erase(key);
            config_map[kBinaryData][key] = encode_base64(value.get<std::string>());
        }
    }
    if (config_map.value(kData, json::object()).empty()) {
        config_map.erase(kData);
    }
}

/// Adds to what is to be written that keys go: those that we wrote before and that are not in it any
/// more, and those that stand in the other field now.
void add_removals(json& complete, const json& current) {
    const auto wanted = complete;
    const auto has = [](const json& object, const char* field, const std::string& key) {
        return object.contains(field) && object.at(field).contains(key);
    };
    for (const auto& [field, other] : {std::pair{kData, kBinaryData}, {kBinaryData, kData}}) {
        auto gone = own_keys(current, field);
        const auto elsewhere = wanted.value(other, json::object());
        for (const auto& [key, value] : elsewhere.items()) {
            gone.insert(key);
        }
        for (const auto& key : gone) {
            if (has(current, field, key) && !has(wanted, field, key)) {
                complete[field][key] = nullptr;
            }
        }
    }
}

const Resource& resource_of(PublishedKind kind) {
    return kind == PublishedKind::Secret ? resources::kSecrets : resources::kConfigMaps;
}

}  // namespace

std::optional<SecretFacts> KubeCluster::find_operator_secret(const ObjectName& name) {
    const auto secret = caches_.secrets.find(to_string(ObjectKey{identity_.ns, name}));
    return secret ? std::optional(decode_secret(*secret)) : std::nullopt;
}

std::optional<SecretFacts> KubeCluster::read_operator_secret(
    const ObjectName& name, const CallContext& call
) {
    return read_secret({identity_.ns, name}, call);
}

std::optional<SecretFacts> KubeCluster::read_secret(const ObjectKey& key, const CallContext& call) {
    const auto secret = client_.read(resources::kSecrets, key, call);
    return secret ? std::optional(decode_secret(*secret)) : std::nullopt;
}

std::optional<ConfigMapFacts> KubeCluster::read_config_map(
    const ObjectKey& key, const CallContext& call
) {
    const auto config_map = client_.read(resources::kConfigMaps, key, call);
    return config_map ? std::optional(decode_config_map(*config_map)) : std::nullopt;
}

std::optional<std::string> KubeCluster::read_version(
    PublishedKind kind, const ObjectKey& key, const CallContext& call
) {
    const auto metadata = client_.read_metadata(resource_of(kind), key, call);
    return metadata ? std::optional(version_of(*metadata)) : std::nullopt;
}

std::string KubeCluster::write_operator_secret(
    const ObjectName& name,
    const SecretData& data,
    const std::string& version,
    const CallContext& call
) {
    const ObjectKey key{identity_.ns, name};
    json manifest{
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"type", "Opaque"},
        {"metadata",
         {{"name", name.str()},
          {"namespace", identity_.ns.str()},
          {"labels", {{std::string(api::kManagedByLabel), std::string(api::kOperator)}}}}},
        {"data", encode_data(data)}};
    const PatchOptions options{.field_manager = kSecretManager};
    if (version.empty()) {
        return version_of(client_.create(resources::kSecrets, manifest, options, call));
    }
    const auto current = client_.read(resources::kSecrets, key, call);
    if (!current || version_of(*current) != version) {
        refuse("409 Conflict", "Secret \"" + name.str() + "\" has changed. It was left as it is.");
    }
    const auto stored = current->value("data", json::object());
    for (const auto& [entry, value] : stored.items()) {
        manifest["data"].emplace(entry, nullptr);  // unless it is there
    }
    manifest["metadata"]["resourceVersion"] = current->at("metadata").at("resourceVersion");
    return version_of(client_.merge_patch(resources::kSecrets, key, manifest, options, call));
}

void KubeCluster::remove_operator_secret(const ObjectName& name, const CallContext& call) {
    client_.remove(resources::kSecrets, {identity_.ns, name}, {}, call);
}

void KubeCluster::publish(const json& manifest, const SecretData& data, const CallContext& call) {
    const auto kind =
        manifest.at("kind") == "Secret" ? PublishedKind::Secret : PublishedKind::ConfigMap;
    const auto& resource = resource_of(kind);
    const auto key = decode_meta(manifest).key;
    auto complete = manifest;
    if (kind == PublishedKind::Secret) {
        complete[kData] = encode_data(data);
    } else {
        encode_binary_data(complete);
    }
    const auto current = client_.read(resource, key, call);
    if (!current) {
        // Not an apply, which would take over what somebody makes at this very moment.
        client_.create(resource, complete, {.field_manager = kSecretManager}, call);
        return;
    }
    if (controller_of(*current) != controller_of(manifest)) {
        refuse_foreign(manifest);
    }
    add_removals(complete, *current);
    complete["metadata"].erase("ownerReferences");  // they are there, and others may have theirs
    complete["metadata"]["resourceVersion"] = current->at("metadata").at("resourceVersion");
    auto patched = *current;
    patched.merge_patch(complete);
    if (patched == *current) {
        return;  // a step that is repeated writes nothing
    }
    client_.merge_patch(resource, key, complete, {.field_manager = kSecretManager}, call);
}

void KubeCluster::remove_secret(
    const ObjectKey& key, const ResourceUid& controller, const CallContext& call
) {
    const auto current = client_.read(resources::kSecrets, key, call);
    if (current && controller_of(*current) == controller) {
        const RemoveOptions options{current->at("metadata").at("uid").get<std::string>(), {}};
        client_.remove(resources::kSecrets, key, options, call);
    }
}

}  // namespace djdb::kube
