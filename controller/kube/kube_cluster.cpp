#include "controller/kube/kube_cluster.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/config/base64.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "controller/kube/objects/workload.hpp"
#include "controller/kube/running_jobs.hpp"
#include "controller/telemetry/log.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "crds/gate.hpp"
#include "crds/text.hpp"
#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace djdb::kube {
namespace {

using nlohmann::json;

constexpr int kJobTtlSeconds = 24 * 3600;

std::string manager(std::string_view concern) {
    return std::string(api::kOperator) + "-" + std::string(concern);
}

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

[[noreturn]] void refuse(const char* code, const std::string& message) {
    throw Error({FailureClass::Conflict, FailureOrigin::Kubernetes, code, message});
}

[[noreturn]] void refuse_foreign(const json& manifest) {
    const auto& metadata = manifest.at("metadata");
    throw Error(
        {.kind = FailureClass::Conflict,
         .origin = FailureOrigin::Kubernetes,
         .message =
             manifest.at("kind").get<std::string>() + " \"" +
             metadata.at("name").get<std::string>() + "\" in namespace \"" +
             metadata.at("namespace").get<std::string>() +
             "\" exists and was not created for this resource. It was left as it is; rename or "
             "delete "
             "it.",
         .reason = Reason::SecretConflict}
    );
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

std::optional<DjangoDatabase> KubeCluster::find_database(const ObjectKey& key) {
    const auto object = caches_.databases.find(to_string(key));
    return object ? std::optional(decode_django_database(*object)) : std::nullopt;
}

std::optional<PostgresServer> KubeCluster::find_server(const ObjectName& name) {
    const auto object = caches_.servers.find(name.str());
    return object ? std::optional(decode_postgres_server(*object)) : std::nullopt;
}

std::optional<std::map<std::string, std::string>> KubeCluster::find_namespace_labels(
    const Namespace& ns
) {
    const auto object = caches_.namespaces.find(ns.str());
    if (!object) {
        return std::nullopt;
    }
    return object->at("metadata").value("labels", std::map<std::string, std::string>{});
}

std::vector<Workload> KubeCluster::list_workloads(const ObjectKey& database) {
    std::vector<Workload> workloads;
    const auto labelled = index_word(database.ns, database.name.str());
    for (const auto& object : caches_.deployments.list_indexed(labelled)) {
        if (!object->at("metadata").contains("deletionTimestamp")) {
            workloads.push_back(decode_workload(*object));
        }
    }
    std::ranges::sort(workloads, {}, [](const Workload& workload) {
        return workload.meta.key.name;
    });
    return workloads;
}

std::vector<JobRun> KubeCluster::list_jobs(const ObjectKey& database) {
    std::vector<JobRun> jobs;
    const auto owned = index_word(database.ns, database.name.str());
    for (const auto& object : caches_.jobs.list_indexed(owned)) {
        const auto kind = parse_job_kind(label_of(*object, api::kJobKindLabel));
        if (!kind) {
            continue;
        }
        const auto made = index_word(database.ns, text_at(*object, {"metadata", "name"}));
        jobs.push_back(decode_job(*kind, *object, caches_.pods.list_indexed(made)));
    }
    return jobs;
}

GateState KubeCluster::find_gate() {
    const std::string name(api::kGate);
    const auto policy = caches_.policies.find(name);
    const auto binding = caches_.policy_bindings.find(name);
    if (!policy || !binding) {
        return GateState::Missing;
    }
    const auto username = operator_username(identity_.ns.str(), identity_.service_account);
    const bool intact = policy->at("spec") == gate_policy_spec(username) &&
                        binding->at("spec") == gate_binding_spec();
    return intact ? GateState::Intact : GateState::Altered;
}

std::optional<SecretFacts> KubeCluster::find_operator_secret(const ObjectName& name) {
    const auto secret = caches_.secrets.find(to_string(ObjectKey{identity_.ns, name}));
    return secret ? std::optional(decode_secret(*secret)) : std::nullopt;
}

std::optional<std::map<std::string, std::string>> KubeCluster::find_operator_config_map(
    const ObjectName& name
) {
    const auto found = caches_.config_maps.find(to_string(ObjectKey{identity_.ns, name}));
    if (!found) {
        return std::nullopt;
    }
    return found->value("data", std::map<std::string, std::string>{});
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

void KubeCluster::set_finalizers(
    const DjangoDatabase& object,
    const std::vector<std::string>& finalizers,
    const CallContext& call
) {
    // With the version that was judged: a finalizer that somebody else added meanwhile must not be
    // dropped.
    const json patch{
        {"metadata",
         {{"finalizers", finalizers}, {"resourceVersion", object.meta.resource_version}}}};
    client_.merge_patch(
        resources::kDjangoDatabases, object.meta.key, patch, {manager("finalizer"), ""}, call
    );
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

void KubeCluster::create_job(const json& manifest, const CallContext& call) {
    if (const auto running = find_running_job(client_, manifest, call)) {
        refuse("409 JobRuns", "Job \"" + *running + "\" is not over. None was made beside it.");
    }
    try {
        client_.create(resources::kJobs, manifest, {.field_manager = manager("jobs")}, call);
    } catch (const Error& error) {
        if (error.failure().code != "409 AlreadyExists") {
            throw;
        }
        const auto current = client_.read(resources::kJobs, decode_meta(manifest).key, call);
        if (current && controller_of(*current) != controller_of(manifest)) {
            refuse_foreign(manifest);
        }
    }
}

void KubeCluster::open_gate(const Workload& workload, const CallContext& call) {
    const json patch{
        {"metadata", {{"resourceVersion", workload.meta.resource_version}}},
        {"spec", {{"paused", nullptr}}}};
    client_.merge_patch(
        resources::kDeployments, workload.meta.key, patch, {manager("rollout"), ""}, call
    );
}

void KubeCluster::arm_job_ttl(const ObjectKey& job, const CallContext& call) {
    patch_job(job, {{"spec", {{"ttlSecondsAfterFinished", kJobTtlSeconds}}}}, call);
}

void KubeCluster::lift_job_deadline(
    const ObjectKey& job, const ResourceUid& uid, const CallContext& call
) {
    patch_job(
        job,
        {{"metadata", {{"uid", uid.str()}}}, {"spec", {{"activeDeadlineSeconds", nullptr}}}},
        call
    );
}

/// A Job that is gone needs nothing.
void KubeCluster::patch_job(const ObjectKey& job, const json& patch, const CallContext& call) {
    try {
        client_.merge_patch(resources::kJobs, job, patch, {manager("jobs"), ""}, call);
    } catch (const Error& error) {
        if (!error.failure().code.starts_with("404")) {
            throw;
        }
    }
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

void KubeCluster::remove_job(
    const ObjectKey& job, const ResourceUid& uid, const CallContext& call
) {
    const RemoveOptions options{uid.str(), {}, "Foreground"};
    client_.remove(resources::kJobs, job, options, call);
}

void KubeCluster::patch_status(
    const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
) {
    client_.write_status(
        resources::kDjangoDatabases, object.meta, encode_status(status), manager("status"), call
    );
}

void KubeCluster::patch_server_status(
    const PostgresServer& server, const PostgresServerStatus& status, const CallContext& call
) {
    client_.write_status(
        resources::kPostgresServers, server.meta, encode_status(status), manager("status"), call
    );
}

void KubeCluster::emit_event(const Event& event, const CallContext& call) noexcept {
    telemetry::log(
        event.is_warning ? telemetry::Level::Warn : telemetry::Level::Info,
        "event",
        event.message,
        {{"object", event.kind + " " + to_string(event.key)},
         {"reason", event.reason},
         {"reconcileID", call.reconcile_id}}
    );
    try {
        const auto written = events_.next(event, identity_.service_account);
        if (written.count == 1) {
            try {
                client_.create(
                    resources::kEvents, written.manifest, {.field_manager = manager("events")}, call
                );
                return;
            } catch (const Error& error) {
                // Written before this process started: it goes on as a series.
                if (error.failure().code != "409 AlreadyExists") {
                    throw;
                }
            }
        }
        client_.merge_patch(
            resources::kEvents, written.key, written.series, {manager("events"), ""}, call
        );
    } catch (const std::exception&) {
        // A courtesy: conditions say the same, and a lost Event must not stop a release.
        return;
    }
}

}  // namespace djdb::kube
