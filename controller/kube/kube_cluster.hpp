// The Cluster port over the API server: reads from caches that reflectors fill, writes through the
// client. Worker threads call it; the caches and the client are safe for that.
#pragma once

#include "controller/kube/client/client.hpp"
#include "controller/kube/client/resources.hpp"
#include "controller/kube/event_series.hpp"
#include "controller/runtime/store.hpp"
#include "reconcilers/ports/cluster.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <utility>

namespace djdb::kube {

/// One cache for each watched kind; the reflectors own them.
struct Caches {
    const runtime::Store& databases;
    const runtime::Store& servers;
    const runtime::Store& namespaces;
    /// By label api::kDatabaseLabel, as objects/fields.hpp indexes.
    const runtime::Store& deployments;
    /// By label api::kOwnedByLabel.
    const runtime::Store& jobs;
    /// By label kJobNameLabel (objects/job_run.hpp).
    const runtime::Store& pods;
    /// By label api::kOwnedByLabel.
    const runtime::Store& releases;
    const runtime::Store& policies;
    const runtime::Store& policy_bindings;
    /// Of the operator's own namespace.
    const runtime::Store& secrets;
    const runtime::Store& config_maps;
};

/// What the operator knows of itself.
struct Identity {
    Namespace ns;
    std::string service_account;
    std::string cluster_id;
};

class KubeCluster final : public Cluster {
  public:
    KubeCluster(Client& client, Caches caches, Identity identity)
        : client_(client), caches_(caches), identity_(std::move(identity)) {}

    std::string cluster_id() override { return identity_.cluster_id; }
    std::optional<DjangoDatabase> find_database(const ObjectKey& key) override;
    std::optional<PostgresServer> find_server(const ObjectName& name) override;
    std::optional<std::map<std::string, std::string>> find_namespace_labels(const Namespace& ns
    ) override;
    std::vector<Workload> list_workloads(const ObjectKey& database) override;
    std::vector<JobRun> list_jobs(const ObjectKey& database) override;
    GateState find_gate() override;

    std::optional<SecretFacts> find_operator_secret(const ObjectName& name) override;
    std::optional<std::map<std::string, std::string>> find_operator_config_map(
        const ObjectName& name
    ) override;
    std::optional<DjangoDatabase> read_database(const ObjectKey& key, const CallContext& call)
        override;
    std::optional<PostgresServer> read_server(const ObjectName& name, const CallContext& call)
        override;
    std::optional<SecretFacts> read_operator_secret(const ObjectName& name, const CallContext& call)
        override;
    std::optional<SecretFacts> read_secret(const ObjectKey& key, const CallContext& call) override;
    std::optional<ConfigMapFacts> read_config_map(const ObjectKey& key, const CallContext& call)
        override;
    std::optional<std::string> read_version(
        PublishedKind kind, const ObjectKey& key, const CallContext& call
    ) override;
    std::vector<AppPod> read_app_pods(const Workload& workload, const CallContext& call) override;
    std::vector<RolledTemplate> read_rolled_templates(const Namespace& ns, const CallContext& call)
        override;
    std::optional<Explanation> read_warning(
        const Namespace& ns, const ResourceUid& about, const CallContext& call
    ) override;
    void set_finalizers(
        const DjangoDatabase& object,
        const std::vector<std::string>& finalizers,
        const CallContext& call
    ) override;
    std::string write_operator_secret(
        const ObjectName& name,
        const SecretData& data,
        const std::string& version,
        const CallContext& call
    ) override;
    void remove_operator_secret(const ObjectName& name, const CallContext& call) override;
    void publish(const nlohmann::json& manifest, const SecretData& data, const CallContext& call)
        override;
    void require_no_running_migration(const DjangoDatabase& database, const CallContext& call)
        override;
    void create_job(const nlohmann::json& manifest, const CallContext& call) override;
    void open_gate(const Workload& workload, const CallContext& call) override;
    void arm_job_ttl(const ObjectKey& job, const CallContext& call) override;
    void lift_job_deadline(const ObjectKey& job, const ResourceUid& uid, const CallContext& call)
        override;
    void remove_secret(const ObjectKey& key, const ResourceUid& controller, const CallContext& call)
        override;
    void remove_job(const ObjectKey& job, const ResourceUid& uid, const CallContext& call) override;
    void cancel_job(const ObjectKey& job, const ResourceUid& uid, const CallContext& call) override;
    void patch_status(
        const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
    ) override;
    void patch_server_status(
        const PostgresServer& server, const PostgresServerStatus& status, const CallContext& call
    ) override;
    void emit_event(const Event& event, const CallContext& call) noexcept override;

  private:
    void patch_job(const ObjectKey& job, const nlohmann::json& patch, const CallContext& call);

    Client& client_;
    Caches caches_;
    Identity identity_;
    EventSeries events_;
};

}  // namespace djdb::kube
