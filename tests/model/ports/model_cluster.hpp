// The port Cluster over the model API server, for one operator process.
#pragma once

#include "reconcilers/ports/cluster.hpp"
#include "tests/model/ports/translate.hpp"
#include "tests/model/ports/views.hpp"
#include "tests/model/world/world.hpp"

#include <nlohmann/json_fwd.hpp>

#include <utility>

namespace djdb::model {

class ModelCluster final : public Cluster {
  public:
    ModelCluster(World& world, Caller& caller, Views& views)
        : world_(world), caller_(caller), views_(views) {}

    std::string cluster_id() override { return "cluster-1"; }
    std::optional<DjangoDatabase> find_database(const ObjectKey&) override;
    std::optional<PostgresServer> find_server(const ObjectName&) override;
    std::optional<std::map<std::string, std::string>> find_namespace_labels(const Namespace&)
        override;
    std::vector<Workload> list_workloads(const ObjectKey& database) override;
    std::vector<JobRun> list_jobs(const ObjectKey& database) override;
    GateState find_gate() override;
    std::optional<SecretFacts> find_operator_secret(const ObjectName&) override;
    std::optional<std::map<std::string, std::string>> find_operator_config_map(const ObjectName&)
        override;
    std::optional<DjangoDatabase> read_database(const ObjectKey&, const CallContext&) override;
    std::optional<PostgresServer> read_server(const ObjectName&, const CallContext&) override;
    std::optional<SecretFacts> read_operator_secret(const ObjectName&, const CallContext&) override;
    std::optional<SecretFacts> read_secret(const ObjectKey&, const CallContext&) override;
    std::optional<ConfigMapFacts> read_config_map(const ObjectKey&, const CallContext&) override;
    std::optional<std::string> read_version(PublishedKind, const ObjectKey&, const CallContext&)
        override;
    std::vector<AppPod> read_app_pods(const Workload&, const CallContext&) override;
    std::vector<RolledTemplate> read_rolled_templates(const Namespace&, const CallContext&)
        override;
    std::optional<Explanation>
    read_warning(const Namespace&, const ResourceUid&, const CallContext&) override;
    void set_finalizers(const DjangoDatabase&, const std::vector<std::string>&, const CallContext&)
        override;
    std::string
    write_operator_secret(const ObjectName&, const SecretData&, const std::string& version, const CallContext&)
        override;
    void remove_operator_secret(const ObjectName&, const CallContext&) override;
    void publish(const nlohmann::json& manifest, const SecretData&, const CallContext&) override;
    void remove_secret(const ObjectKey&, const ResourceUid&, const CallContext&) override;
    void require_no_running_migration(const DjangoDatabase&, const CallContext&) override;
    void create_job(const nlohmann::json& manifest, const CallContext&) override;
    void open_gate(const Workload&, const CallContext&) override;
    void arm_job_ttl(const ObjectKey&, const CallContext&) override;
    void lift_job_deadline(const ObjectKey&, const ResourceUid&, const CallContext&) override;
    void remove_job(const ObjectKey&, const ResourceUid&, const CallContext&) override;
    void cancel_job(const ObjectKey&, const ResourceUid&, const CallContext&) override;
    void patch_status(const DjangoDatabase&, const DjangoDatabaseStatus&, const CallContext&)
        override;
    void patch_server_status(const PostgresServer&, const PostgresServerStatus&, const CallContext&)
        override;
    void emit_event(const Event&, const CallContext&) noexcept override;

  private:
    void read(const char* what);
    template <class Apply>
    void effect(const Effect& what, Apply&& apply) {
        translated(FailureOrigin::Kubernetes, [&] {
            world_.faults.effect(caller_, what, std::forward<Apply>(apply));
        });
    }
    [[nodiscard]] std::optional<SecretFacts> read_at(const ObjectKey&) const;

    World& world_;
    Caller& caller_;
    Views& views_;
    Seen seen_;
    bool has_put_off_ = false;  ///< of a mutant
};

}  // namespace djdb::model
