#include "controller/kube/kube_cluster.hpp"

#include "controller/kube/field_manager.hpp"
#include "controller/kube/older_definition.hpp"
#include "controller/telemetry/log.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {

using nlohmann::json;

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

std::optional<std::map<std::string, std::string>> KubeCluster::find_operator_config_map(
    const ObjectName& name
) {
    const auto found = caches_.config_maps.find(to_string(ObjectKey{identity_.ns, name}));
    if (!found) {
        return std::nullopt;
    }
    return found->value("data", std::map<std::string, std::string>{});
}

std::optional<DjangoDatabase> KubeCluster::read_database(
    const ObjectKey& key, const CallContext& call
) {
    const auto object = client_.read(resources::kDjangoDatabases, key, call);
    return object ? std::optional(decode_django_database(*object)) : std::nullopt;
}

std::optional<PostgresServer> KubeCluster::read_server(
    const ObjectName& name, const CallContext& call
) {
    const auto object = client_.read(resources::kPostgresServers, {Namespace(), name}, call);
    return object ? std::optional(decode_postgres_server(*object)) : std::nullopt;
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

void KubeCluster::patch_status(
    const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
) {
    const auto encoded = encode_status(status);
    const auto write = [&](const json& what) {
        client_.write_status(
            resources::kDjangoDatabases, object.meta, what, {manager("status")}, call
        );
    };
    try {
        write(encoded);
    } catch (const Error& error) {
        const auto older = without_unknown_words(encoded, error.failure().message);
        if (error.failure().kind != FailureClass::Invalid || !older) {
            throw;
        }
        write(*older);
    }
}

void KubeCluster::patch_server_status(
    const PostgresServer& server, const PostgresServerStatus& status, const CallContext& call
) {
    client_.write_status(
        resources::kPostgresServers, server.meta, encode_status(status), {manager("status")}, call
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
