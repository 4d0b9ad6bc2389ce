// A Kubernetes API server in memory: versions, generations, finalizers, preconditions, the admission
// policy of the release gate, a quota, and garbage collection. Who may call what is not modelled.
#pragma once

#include "tests/model/kube/objects.hpp"
#include "tests/model/kube/table.hpp"
#include "tests/model/world/refusal.hpp"
#include "tests/model/world/timeline.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace djdb::model {

class ApiServer {
  public:
    explicit ApiServer(Timeline& timeline) : timeline_(timeline) { set_gate(GatePolicy::Intact); }

    Table<DjangoDatabase> databases;
    Table<PostgresServer> servers;
    Table<Deployment> deployments;
    Table<Job> jobs;
    Table<Pod> pods;
    Table<Record> records;
    Table<Secret> secrets;
    Table<ConfigMap> config_maps;
    std::set<Namespace> namespaces{Namespace("shop")};
    Table<Gate> gates;
    /// A quota lets no Job be made.
    bool refuses_jobs = false;
    std::uint64_t jobs_refused = 0;

    [[nodiscard]] TimePoint wall_clock() const;
    [[nodiscard]] GatePolicy gate() const { return gates.find(kGateKey)->policy; }
    /// Requests that changed something, Events apart.
    [[nodiscard]] std::uint64_t writes() const { return writes_; }

    // What users do.
    void create(DjangoDatabase);
    void create(PostgresServer);
    void edit_spec(const ObjectKey& key, const std::function<void(DjangoDatabaseSpec&)>&);
    void annotate(const ObjectKey& key, const std::string& name, const std::string& value);
    void
    edit_finalizers(const ObjectKey& key, const std::function<void(std::vector<std::string>&)>&);
    void edit_server(const ObjectName&, const std::function<void(PostgresServer&)>&);
    void remove_database(const ObjectKey&);
    /// As anyone but the operator: the gate applies.
    void apply_deployment(const ObjectKey&, const std::function<void(Deployment&)>&);
    void remove_deployment(const ObjectKey&);
    void set_gate(GatePolicy);
    void put_secret(Secret);
    void put_config_map(ConfigMap);
    void remove_job(const ObjectKey&);

    // What controllers do.
    void put_status(Deployment);
    void put_status(Job);
    void put_pod(Pod);

    // What the operator does. Each throws Refusal as the API server would.
    void set_finalizers(
        const ObjectMeta& judged, std::vector<std::string> finalizers, bool checks_version = true
    );
    void patch_status(const ObjectMeta& judged, const DjangoDatabaseStatus&);
    void patch_status(const ObjectMeta& judged, const PostgresServerStatus&);
    void patch_status(const ObjectMeta& judged, const DjangoReleaseStatus&);
    void create(Record);
    void remove_record(const ObjectKey&, const ResourceUid&);
    void create(Table<Secret>&, Secret);
    /// @throws Refusal 409 unless the object still has this version
    void update(Table<Secret>&, Secret, const std::string& version);
    void remove_secret(const ObjectKey&, const ResourceUid&);
    /// @throws Refusal when a migration Job of this resource is not over, beside `but`
    void refuse_running_migration(const ResourceUid& controller, const ObjectKey& but) const;
    void create_job(Job);
    void open_gate(const ObjectMeta& judged, bool checks_version = true);
    /// @throws Refusal 404
    void set_ttl(const ObjectKey& key);
    void lift_deadline(const ObjectKey& key, const ResourceUid&);
    void remove_job(const ObjectKey&, const ResourceUid&);

  private:
    void stamp(ObjectMeta&, bool is_new);
    template <class Object, class Status>
    void write_status(Table<Object>&, const ObjectMeta& judged, const Status&);
    void admit(const Deployment* before, Deployment& after) const;
    void collect_garbage(const ResourceUid& owner);

    Timeline& timeline_;
    std::uint64_t version_ = 0;
    std::uint64_t uids_ = 0;
    std::uint64_t writes_ = 0;
};

}  // namespace djdb::model
