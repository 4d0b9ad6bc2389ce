#include "controller/cli/diagnose.hpp"

#include "controller/cli/report.hpp"
#include "controller/kube/config/config.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/transport/beast_transport.hpp"
#include "controller/kube/transport/cpprest_transport.hpp"
#include "controller/postgres/postgres_database.hpp"
#include "controller/postgres/session/resolve.hpp"
#include "controller/system.hpp"
#include "crds/codec.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace djdb {
namespace {

constexpr std::chrono::seconds kDeadline{60};

/// What the reconciler finds in its caches, read once.
class Snapshot {
  public:
    explicit Snapshot(kube::Client& client, const Options& options)
        : client_(client), namespace_(options.ns) {}

    std::optional<PostgresServer> read_server(const ObjectName& name, const CallContext& call) {
        const auto object = client_.read(kube::resources::kPostgresServers, {{}, name}, call);
        return object ? std::optional(decode_postgres_server(*object)) : std::nullopt;
    }

    void read_what_it_names(const PostgresServerSpec& spec, const CallContext& call) {
        for (const auto& name :
             {spec.admin_secret_ref.name,
              spec.tls.ca_secret_ref.name,
              spec.tls.client_certificate_ref.name}) {
            read_into(secrets_, kube::resources::kSecrets, name, call);
        }
        read_into(
            config_maps_, kube::resources::kConfigMaps, spec.tls.ca_config_map_ref.name, call
        );
    }

    kube::KubeCluster cluster() {
        return {
            client_,
            {.databases = none_,
             .servers = none_,
             .namespaces = none_,
             .deployments = none_,
             .jobs = none_,
             .pods = none_,
             .releases = none_,
             .policies = none_,
             .policy_bindings = none_,
             .secrets = secrets_,
             .config_maps = config_maps_},
            {namespace_, "", ""}};
    }

  private:
    void read_into(
        runtime::Store& store,
        const kube::Resource& resource,
        const std::string& name,
        const CallContext& call
    ) {
        if (name.empty()) {
            return;
        }
        const ObjectKey key{namespace_, ObjectName(name)};
        if (auto object = client_.read(resource, key, call)) {
            store.upsert(
                to_string(key), std::make_shared<const nlohmann::json>(std::move(*object))
            );
        }
    }

    kube::Client& client_;
    Namespace namespace_;
    runtime::Store none_;
    runtime::Store secrets_;
    runtime::Store config_maps_;
};

std::vector<std::string> addresses_of(const PostgresServerSpec& spec, const CallContext& call) {
    return spec.host.starts_with('/') ? std::vector<std::string>{}
                                      : postgres::resolve(spec.host, call);
}

int diagnose(const Options& options, const DiagnoseOptions& what) {
    postgres::PostgresDatabase database;
    const auto config = kube::find_config(options.kubeconfig);
    kube::Client client(
        kube::make_cpprest_transport(config),
        kube::make_watch_transport(config),
        "djangodb-operator/" DJDB_VERSION " diagnose"
    );
    const CallContext call{{}, Deadline::in(kDeadline), make_reconcile_id()};
    Snapshot snapshot(client, options);
    const auto server = snapshot.read_server(ObjectName(what.server), call);
    if (!server) {
        std::cerr << "PostgresServer \"" << what.server << "\" does not exist.\n";
        return 2;
    }
    snapshot.read_what_it_names(server->spec, call);
    auto cluster = snapshot.cluster();
    const auto observation = observe_server(*server, cluster, database, call);
    const auto status = derive_server_status(*server, observation, SystemClock().now());
    const auto report = make_report(*server, observation, status, addresses_of(server->spec, call));
    if (what.output == "json") {
        std::cout << to_json(report).dump(2) << "\n";
    } else {
        std::cout << to_table(report);
    }
    return report.is_good() ? 0 : 1;
}

}  // namespace

int run_diagnose(const Options& options, const DiagnoseOptions& what) {
    try {
        return diagnose(options, what);
    } catch (const std::exception& error) {
        std::cerr << "PostgresServer \"" << what.server
                  << "\" could not be looked at: " << error.what() << "\n";
        return 2;
    }
}

}  // namespace djdb
