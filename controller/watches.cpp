#include "controller/watches.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "controller/telemetry/log.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

namespace djdb {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kSyncDeadline{120};

/// The reflectors let in only objects with a name; nothing else of an object is sure here, and one
/// that can't be decoded must not keep others from being woken.
ObjectKey key_of(const json& object) {
    return {
        Namespace(kube::text_at(object, {"metadata", "namespace"})),
        ObjectName(kube::text_at(object, {"metadata", "name"}))};
}

json part_of(const json& object, std::initializer_list<const char*> path) {
    const json* at = &object;
    for (const auto* step : path) {
        if (!at->is_object() || !at->contains(step)) {
            return nullptr;
        }
        at = &at->at(step);
    }
    return *at;
}

/// What a server's owner wants of it.
std::string asked_of(const json& server) {
    return json::array({part_of(server, {"spec"}),
                        part_of(server, {"metadata", "annotations"}),
                        part_of(server, {"metadata", "deletionTimestamp"})})
        .dump();
}

/// What its databases hear of it: what is wanted, which server it is, and whether it can be used. Of
/// another timeline, after a failover or a restore, it may lack what they saw last.
std::string said_of(const json& server) {
    json ready;
    for (const auto& condition : part_of(server, {"status", "conditions"})) {
        if (kube::text_at(condition, {"type"}) == "Ready") {
            ready = condition;
        }
    }
    return json::array({part_of(server, {"spec"}),
                        part_of(server, {"status", "systemIdentifier"}),
                        part_of(server, {"status", "timeline"}),
                        ready})
        .dump();
}

/// As it is but for the status, which comes with another version each time.
std::string all_but_status(const json& database) {
    auto metadata = part_of(database, {"metadata"});
    metadata.erase("resourceVersion");
    return json::array({metadata, part_of(database, {"spec"})}).dump();
}

/// One that can't be decoded is nobody's.
std::optional<DjangoDatabaseStatus> status_of(const json& database) {
    try {
        return decode_django_database(database).status;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

kube::Selection ours() {
    return {"", std::string(api::kManagedByLabel) + "=" + std::string(api::kOperator), ""};
}

/// What was said in a release that is over stays with the API server: here it would be most of what is cached.
void trim_record(json& record) {
    const auto outcome = kube::text_at(record, {"status", "outcome"});
    if (outcome != "Succeeded" && outcome != "Superseded") {
        return;
    }
    auto& steps = record["status"]["steps"];
    const bool is_all_told = std::ranges::none_of(steps, [](const json& step) {
        return step.value("state", "") == "InProgress";
    });
    for (auto& step : steps) {
        if (is_all_told) {
            step.erase("answer");
            step.erase("log");
        }
    }
}

kube::Reflector::OnTrouble trouble(const char* kind) {
    return [kind](const std::string& line) {
        telemetry::log(telemetry::Level::Warn, "watch", line, {{"kind", kind}});
    };
}

}  // namespace

Watches::Watches(kube::Client& client, Queue& queue, TenantCache& cache, const Namespace& ns)
    : queue_(queue),
      cache_(cache),
      databases_(
          client,
          {kube::resources::kDjangoDatabases, {}},
          wake_database(),
          trouble("djangodatabases")
      ),
      servers_(
          client, {kube::resources::kPostgresServers, {}}, wake_server(), trouble("postgresservers")
      ),
      namespaces_(
          client, {kube::resources::kNamespaces, {}}, wake_namespace(), trouble("namespaces")
      ),
      deployments_(
          client,
          {kube::resources::kDeployments,
           {"", std::string(api::kDatabaseLabel), ""},
           true,
           kube::index_by_label(api::kDatabaseLabel)},
          wake_by_label(api::kDatabaseLabel, WakeReason::WorkloadChanged),
          trouble("deployments")
      ),
      jobs_(
          client,
          {kube::resources::kJobs, ours(), false, kube::index_by_label(api::kOwnedByLabel)},
          wake_by_label(api::kOwnedByLabel, WakeReason::JobChanged),
          trouble("jobs")
      ),
      pods_(
          client,
          {kube::resources::kPods, ours(), false, kube::index_by_label(kube::kJobNameLabel)},
          wake_by_label(api::kOwnedByLabel, WakeReason::PodChanged),
          trouble("pods")
      ),
      releases_(
          client,
          {.resource = kube::resources::kDjangoReleases,
           .selection = ours(),
           .index_by = kube::index_by_label(api::kOwnedByLabel),
           .trim = trim_record},
          [](const json&, bool) {},
          trouble("djangoreleases")
      ),
      policies_(client, {kube::resources::kPolicies, {}}, wake_all_of_gate(), trouble("policies")),
      bindings_(
          client,
          {kube::resources::kPolicyBindings, {}},
          wake_all_of_gate(),
          trouble("policy bindings")
      ),
      secrets_(
          client,
          {kube::resources::kSecrets, {ns.str(), "", ""}},
          wake_for_secret(),
          trouble("secrets")
      ),
      config_maps_(
          client,
          {kube::resources::kConfigMaps, {ns.str(), "", ""}},
          wake_for_config_map(),
          trouble("configmaps")
      ) {
    queue_.set_places([this](const WorkKey& work) { return place_of(work); });
}

runtime::Place Watches::place_of(const WorkKey& work) const {
    if (work.root == Root::Server) {
        return {work.key.name.str(), {}};
    }
    const auto object = databases_.store().find(to_string(work.key));
    return {
        object ? kube::text_at(*object, {"spec", "serverRef", "name"}) : std::string{},
        work.key.ns.str()};
}

kube::Caches Watches::caches() const {
    return {
        .databases = databases_.store(),
        .servers = servers_.store(),
        .namespaces = namespaces_.store(),
        .deployments = deployments_.store(),
        .jobs = jobs_.store(),
        .pods = pods_.store(),
        .releases = releases_.store(),
        .policies = policies_.store(),
        .policy_bindings = bindings_.store(),
        .secrets = secrets_.store(),
        .config_maps = config_maps_.store()};
}

bool Watches::wait_until_synced(const std::stop_token& stop) const {
    const auto deadline = Deadline::in(kSyncDeadline);
    // Without releases_: no decision depends on records, and an earlier version's rights do not cover them.
    const std::array<const kube::Reflector*, 10> all{
        &databases_,
        &servers_,
        &namespaces_,
        &deployments_,
        &jobs_,
        &pods_,
        &policies_,
        &bindings_,
        &secrets_,
        &config_maps_};
    return std::ranges::all_of(all, [&](const auto* reflector) {
        return reflector->wait_until_synced(deadline, stop);
    });
}

void Watches::wake_databases(WakeReason why, const std::function<bool(const json&)>& concerned) {
    for (const auto& object : databases_.store().list()) {
        if (concerned(*object)) {
            queue_.add({Root::Database, key_of(*object)}, why);
        }
    }
}

/// The status of the run that was the last one wakes nobody: it has asked for the next run already. One that somebody
/// else wrote is put right.
Watches::OnChange Watches::wake_database() {
    return [this](const json& object, bool gone) {
        const auto key = key_of(object);
        auto& seen = databases_seen_[to_string(key)];
        const auto now = all_but_status(object);
        const bool is_same = !gone && seen == now;
        seen = now;
        if (gone) {
            databases_seen_.erase(to_string(key));
        }
        const auto status = is_same ? status_of(object) : std::nullopt;
        if (!status || !cache_.is_expected_status(key, *status)) {
            queue_.add({Root::Database, key}, WakeReason::ResourceChanged);
        }
    };
}

void Watches::wake_databases_of(const ObjectName& server) {
    wake_databases(WakeReason::ServerChanged, [&](const json& database) {
        return kube::text_at(database, {"spec", "serverRef", "name"}) == server.str();
    });
}

/// Our own writes wake nobody who would only find what was written: each claim changes the status.
Watches::OnChange Watches::wake_server() {
    return [this](const json& object, bool gone) {
        const auto key = key_of(object);
        auto& seen = servers_seen_[key.name.str()];
        if (const auto now = asked_of(object); gone || seen.by_itself != now) {
            seen.by_itself = now;
            queue_.add({Root::Server, key}, WakeReason::ResourceChanged);
        }
        if (const auto now = said_of(object); gone || seen.by_databases != now) {
            seen.by_databases = now;
            wake_databases_of(key.name);
        }
        if (gone) {
            servers_seen_.erase(key.name.str());
        }
    };
}

Watches::OnChange Watches::wake_namespace() {
    return [this](const json& object, bool) {
        const auto name = key_of(object).name.str();
        wake_databases(WakeReason::NamespaceChanged, [&](const json& database) {
            return key_of(database).ns.str() == name;
        });
    };
}

Watches::OnChange Watches::wake_by_label(std::string_view name, WakeReason why) {
    return [this, name, why](const json& object, bool) {
        const auto value = kube::label_of(object, name);
        if (!value.empty()) {
            queue_.add({Root::Database, {key_of(object).ns, ObjectName(value)}}, why);
        }
    };
}

Watches::OnChange Watches::wake_all_of_gate() {
    return [this](const json& object, bool) {
        if (key_of(object).name.str() == api::kGate) {
            wake_databases(WakeReason::GateChanged, [](const json&) { return true; });
        }
    };
}

/// Administrators' logins and CAs; our own stored passwords wake nobody.
Watches::OnChange Watches::wake_for_secret() {
    return [this](const json& object, bool) {
        if (kube::label_of(object, api::kManagedByLabel) == api::kOperator) {
            return;
        }
        for (const auto& server : servers_.store().list()) {
            queue_.add({Root::Server, key_of(*server)}, WakeReason::OperatorSecretChanged);
        }
        wake_databases(WakeReason::OperatorSecretChanged, [](const json&) { return true; });
    };
}

/// CAs; a namespace has ConfigMaps of others too.
Watches::OnChange Watches::wake_for_config_map() {
    return [this](const json& object, bool) {
        const auto name = key_of(object).name.str();
        std::set<std::string> concerned;
        for (const auto& server : servers_.store().list()) {
            if (kube::text_at(*server, {"spec", "tls", "caConfigMapRef", "name"}) == name) {
                queue_.add({Root::Server, key_of(*server)}, WakeReason::OperatorConfigMapChanged);
                concerned.insert(key_of(*server).name.str());
            }
        }
        wake_databases(WakeReason::OperatorConfigMapChanged, [&](const json& database) {
            return concerned.contains(kube::text_at(database, {"spec", "serverRef", "name"}));
        });
    };
}

}  // namespace djdb
