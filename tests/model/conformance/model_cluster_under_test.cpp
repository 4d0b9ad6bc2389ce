#include "tests/model/conformance/cluster_under_test.hpp"
#include "tests/model/ports/model_cluster.hpp"

namespace djdb {
namespace {

using namespace model;

class ModelClusterUnderTest final : public ClusterUnderTest {
  public:
    Cluster& cluster() override { return cluster_; }
    Namespace ns() override { return kOperatorNamespace; }
    DjangoDatabase make_resource(const std::string& name) override {
        DjangoDatabase object;
        object.meta.key = key(name);
        world_.api.create(object);
        return read_resource(name);
    }
    DjangoDatabase read_resource(const std::string& name) override {
        return *world_.api.databases.find(key(name));
    }
    void annotate(const std::string& name) override { world_.api.annotate(key(name), "note", "x"); }
    void remove_resource(const std::string& name) override {
        world_.api.remove_database(key(name));
    }
    Workload make_deployment(const std::string& name) override {
        world_.api.apply_deployment(key(name), [](Deployment& one) {
            one.database = "shop";
            one.pod_template = "{}";
        });
        Workload workload;
        workload.meta = world_.api.deployments.find(key(name))->meta;
        return workload;
    }
    void edit_deployment(const std::string& name) override {
        world_.api.apply_deployment(key(name), [](Deployment& one) { one.pod_template = "{ }"; });
    }
    bool is_held(const std::string& name) override {
        return world_.api.deployments.find(key(name))->paused;
    }
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
    void complete_job(const std::string& name) override {
        auto job = *world_.api.jobs.find(key(name));
        job.end = JobEnding::Succeeded;
        world_.api.put_status(job);
    }
    ResourceUid job(const std::string& name) override {
        const auto job = world_.api.jobs.find(key(name));
        return job ? job->meta.uid : ResourceUid();
    }
    bool expires(const std::string& name) override {
        return world_.api.jobs.find(key(name))->expires;
    }

  private:
    static ObjectKey key(const std::string& name) { return {kOperatorNamespace, ObjectName(name)}; }

    World world_{1, {}, false};
    Caller caller_{"conformance"};
    Views views_{world_.api};
    ModelCluster cluster_{world_, caller_, views_};
};

}  // namespace

std::unique_ptr<ClusterUnderTest> make_cluster_under_test() {
    return std::make_unique<ModelClusterUnderTest>();
}

}  // namespace djdb
