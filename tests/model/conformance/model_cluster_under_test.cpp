#include "tests/model/conformance/cluster_under_test.hpp"
#include "tests/model/kube/controllers.hpp"
#include "tests/model/ports/model_cluster.hpp"

namespace djdb {
namespace {

using namespace model;

class ModelClusterUnderTest final : public ClusterUnderTest {
  public:
    ModelClusterUnderTest() {
        // No node pulls the image, as none does behind the real API server of the tests.
        world_.attempts["shop:1"] = std::deque<Attempt>(1000, Attempt::NeverStarts);
    }

    void begin_case() override {
        ns_ = Namespace("case-" + std::to_string(++cases_));
        world_.api.namespaces.insert(ns_);
        world_.api.refuses_jobs = false;
    }
    Cluster& cluster() override { return cluster_; }
    Namespace ns() override { return ns_; }
    void wait() override {
        world_.timeline.pass(100);
        catch_up(views_.databases, world_.api.databases);
        catch_up(views_.servers, world_.api.servers);
        catch_up(views_.deployments, world_.api.deployments);
        catch_up(views_.jobs, world_.api.jobs);
        catch_up(views_.pods, world_.api.pods);
        catch_up(views_.secrets, world_.api.secrets);
        catch_up(views_.config_maps, world_.api.config_maps);
        catch_up(views_.gates, world_.api.gates);
    }
    DjangoDatabase make_resource(const std::string& name) override {
        DjangoDatabase object;
        object.meta.key = key(name);
        world_.api.create(object);
        return read_resource(name);
    }
    DjangoDatabase read_resource(const std::string& name) override {
        return *world_.api.databases.find(key(name));
    }
    void edit_spec(const std::string& name) override {
        world_.api.edit_spec(key(name), [](DjangoDatabaseSpec& spec) {
            spec.deletion.policy = DeletionPolicy::Delete;
        });
    }
    void annotate(const std::string& name) override { world_.api.annotate(key(name), "note", "x"); }
    void remove_resource(const std::string& name) override {
        world_.api.remove_database(key(name));
    }
    PostgresServer make_server(const std::string& name) override {
        PostgresServer object;
        object.meta.key = {{}, ObjectName(name)};
        world_.api.create(object);
        return read_server(name);
    }
    PostgresServer read_server(const std::string& name) override {
        return *world_.api.servers.find({{}, ObjectName(name)});
    }
    void remove_server(const std::string& name) override {
        world_.api.servers.remove({{}, ObjectName(name)});
    }
    Workload make_deployment(const std::string& name, const std::string& database) override {
        world_.api.apply_deployment(key(name), [&](Deployment& one) {
            one.database = database;
            one.pod_template = "{}";
        });
        Workload workload;
        workload.meta = read_deployment(name);
        return workload;
    }
    ObjectMeta read_deployment(const std::string& name) override {
        return world_.api.deployments.find(key(name))->meta;
    }
    void edit_template(const std::string& name) override {
        world_.api.apply_deployment(key(name), [this](Deployment& one) {
            one.pod_template = R"({"note":)" + std::to_string(++notes_) + "}";
        });
    }
    void annotate_deployment(const std::string& name) override {
        world_.api.apply_deployment(key(name), [](Deployment& one) {
            one.meta.annotations["note"] += 'x';
        });
    }
    void pause(const std::string& name) override {
        world_.api.apply_deployment(key(name), [](Deployment& one) {
            one.paused = true;
            one.paused_by = "somebody";
        });
    }
    void resume(const std::string& name) override {
        world_.api.apply_deployment(key(name), [](Deployment& one) {
            one.paused = false;
            one.paused_by.clear();
        });
    }
    void remove_deployment(const std::string& name) override {
        world_.api.remove_deployment(key(name));
    }
    bool is_held(const std::string& name) override {
        return world_.api.deployments.find(key(name))->paused;
    }
    void alter_gate() override { world_.api.set_gate(GatePolicy::Altered); }
    void remove_gate() override { world_.api.set_gate(GatePolicy::Missing); }
    void restore_gate() override { world_.api.set_gate(GatePolicy::Intact); }
    void make_secret(const std::string& name, const std::string& entry) override {
        Secret secret;
        secret.meta.key = key(name);
        secret.data.emplace(entry, Sensitive("theirs"));
        world_.api.put_secret(secret);
    }
    void add_key(const std::string& name, const std::string& entry) override {
        auto secret = *world_.api.secrets.find(key(name));
        secret.data.emplace(entry, Sensitive("theirs"));
        world_.api.put_secret(secret);
    }
    bool has_secret(const std::string& name) override {
        return world_.api.secrets.find(key(name)) != nullptr;
    }
    void make_config_map(const Namespace& ns, const std::string& name, const std::string& entry)
        override {
        ConfigMap object;
        object.meta.key = {ns.empty() ? kOperatorNamespace : ns, ObjectName(name)};
        object.data.emplace(entry, Sensitive("theirs"));
        world_.api.config_maps.put(object);
    }
    std::string config(const std::string& name, const std::string& entry) override {
        const auto object = world_.api.config_maps.find(key(name));
        const auto found = object->data.find(entry);
        return found == object->data.end() ? "" : found->second.reveal();
    }
    void complete_job(const std::string& name) override {
        while (!world_.api.pods.find(key(name))) {
            wait();
        }
        auto pod = *world_.api.pods.find(key(name));
        pod.stuck.clear();
        pod.has_ended = true;
        pod.reason = "Completed";
        pod.answer = "well";
        world_.api.put_pod(pod);
        auto job = *world_.api.jobs.find(key(name));
        job.end = JobEnding::Succeeded;
        job.finished = world_.api.wall_clock();
        world_.api.put_status(job);
    }
    ResourceUid job(const std::string& name) override {
        const auto job = world_.api.jobs.find(key(name));
        return job ? job->meta.uid : ResourceUid();
    }
    void forbid_jobs() override { world_.api.refuses_jobs = true; }

  private:
    [[nodiscard]] ObjectKey key(const std::string& name) const { return {ns_, ObjectName(name)}; }
    template <class Object>
    static void catch_up(View<Object>& view, const Table<Object>& table) {
        while (view.position() < table.changes().size()) {
            view.advance();
        }
    }

    World world_{1, {}, false};
    Controllers controllers_{world_};
    Caller caller_{"conformance"};
    Views views_{world_.api};
    ModelCluster cluster_{world_, caller_, views_};
    Namespace ns_;
    int cases_ = 0;
    int notes_ = 0;
};

}  // namespace

std::unique_ptr<ClusterUnderTest> make_cluster_under_test() {
    return std::make_unique<ModelClusterUnderTest>();
}

}  // namespace djdb
