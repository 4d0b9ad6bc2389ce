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

/// The keys of data that we wrote last, as the API server keeps book of it in managedFields.
std::set<std::string> own_keys(const json& object) {
    std::set<std::string> keys;
    for (const auto& entry : object.at("metadata").value("managedFields", json::array())) {
        if (entry.value("manager", "") != kSecretManager) {
            continue;
        }
        const auto data = entry.value("/fieldsV1/f:data"_json_pointer, json::object());
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
    facts.own_keys = own_keys(secret);
    return facts;
}

json encode_data(const SecretData& data) {
    auto out = json::object();
    for (const auto& [key, value] : data) {
        out[key] = encode_base64(value.reveal());
    }
    return out;
}

const Resource& resource_of(const json& manifest) {
    return manifest.at("kind") == "Secret" ? resources::kSecrets : resources::kConfigMaps;
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

std::optional<std::string> KubeCluster::read_secret_version(
    const ObjectKey& key, const CallContext& call
) {
    const auto metadata = client_.read_metadata(resources::kSecrets, key, call);
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
    const auto& resource = resource_of(manifest);
    const auto key = decode_meta(manifest).key;
    auto complete = manifest;
    if (!data.empty()) {
        complete["data"] = encode_data(data);
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
    for (const auto& name : own_keys(*current)) {
        if (!complete["data"].contains(name)) {
            complete["data"][name] = nullptr;
        }
    }
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
