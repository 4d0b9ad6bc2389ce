// The suite's real API server: the one that ctest started for client_apitests.
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/objects/workload.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "tests/apiserver/live_api.hpp"
#include "tests/model/conformance/cluster_under_test.hpp"

namespace djdb {
namespace {

using namespace kube;
using nlohmann::json;

/// Lends its fixture's client and namespace; no case of its own.
class Api final : public LiveApi {
  public:
    Api() {
        for (const auto* plural : {"postgresservers", "djangodatabases"}) {
            apply_crd(plural, current_schema(plural));
        }
        EXPECT_TRUE(eventually([this] { return is_served(resources::kDjangoDatabases); }));
    }
    ~Api() override { remove_crds(); }
    void TestBody() override {}
    Client& client() { return *admin_; }
    [[nodiscard]] Namespace space() const { return Namespace(space_); }
};

class LiveClusterUnderTest final : public ClusterUnderTest {
  public:
    Cluster& cluster() override { return cluster_; }
    Namespace ns() override { return api_.space(); }
    DjangoDatabase make_resource(const std::string& name) override {
        const json object{
            {"apiVersion", "djangodb.io/v1alpha1"},
            {"kind", "DjangoDatabase"},
            {"metadata", {{"name", name}, {"namespace", ns().str()}}},
            {"spec", {{"serverRef", {{"name", "main"}}}, {"database", {{"name", name}}}}}};
        return decode_django_database(
            api_.client().create(resources::kDjangoDatabases, object, {}, call())
        );
    }
    DjangoDatabase read_resource(const std::string& name) override {
        return decode_django_database(read(resources::kDjangoDatabases, name));
    }
    void annotate(const std::string& name) override {
        patch(
            resources::kDjangoDatabases, name, {{"metadata", {{"annotations", {{"note", "x"}}}}}}
        );
    }
    void remove_resource(const std::string& name) override {
        api_.client().remove(resources::kDjangoDatabases, key(name), {}, call());
    }
    Workload make_deployment(const std::string& name) override {
        const json labels{{"app", name}};
        const json container{{"name", "app"}, {"image", "shop:1"}};
        const json object{
            {"apiVersion", "apps/v1"},
            {"kind", "Deployment"},
            {"metadata", {{"name", name}, {"namespace", ns().str()}}},
            {"spec",
             {{"paused", true},
              {"selector", {{"matchLabels", labels}}},
              {"template",
               {{"metadata", {{"labels", labels}}}, {"spec", {{"containers", {container}}}}}}}}};
        return decode_workload(api_.client().create(resources::kDeployments, object, {}, call()));
    }
    void edit_deployment(const std::string& name) override {
        patch(
            resources::kDeployments,
            name,
            {{"spec", {{"template", {{"metadata", {{"annotations", {{"note", "x"}}}}}}}}}}
        );
    }
    bool is_held(const std::string& name) override {
        return read(resources::kDeployments, name).at("spec").value("paused", false);
    }
    void make_secret(const std::string& name, const std::string& entry) override {
        const json object{
            {"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata", {{"name", name}, {"namespace", ns().str()}}},
            {"data", {{entry, "dGhlaXJz"}}}};
        api_.client().create(resources::kSecrets, object, {.field_manager = "somebody"}, call());
    }
    void add_key(const std::string& name, const std::string& entry) override {
        patch(resources::kSecrets, name, {{"data", {{entry, "dGhlaXJz"}}}});
    }
    bool has_secret(const std::string& name) override {
        return api_.client().read(resources::kSecrets, key(name), call()).has_value();
    }
    void complete_job(const std::string& name) override {
        const std::string now = "2026-11-29T12:00:00Z";
        const auto condition = [&](const char* type) {
            return json{
                {"type", type},
                {"status", "True"},
                {"lastProbeTime", now},
                {"lastTransitionTime", now}};
        };
        const json status{
            {"startTime", now},
            {"completionTime", now},
            {"succeeded", 1},
            {"conditions", json::array({condition("SuccessCriteriaMet"), condition("Complete")})}};
        api_.client().merge_patch(
            resources::kJobs, key(name), {{"status", status}}, {"somebody", "status"}, call()
        );
    }
    ResourceUid job(const std::string& name) override {
        const auto found = api_.client().read(resources::kJobs, key(name), call());
        return found ? decode_meta(*found).uid : ResourceUid();
    }
    bool expires(const std::string& name) override {
        return read(resources::kJobs, name).at("spec").contains("ttlSecondsAfterFinished");
    }

  private:
    [[nodiscard]] ObjectKey key(const std::string& name) const {
        return {api_.space(), ObjectName(name)};
    }
    json read(const Resource& resource, const std::string& name) {
        return api_.client().read(resource, key(name), call()).value();
    }
    void patch(const Resource& resource, const std::string& name, const json& patch) {
        api_.client().merge_patch(
            resource, key(name), patch, {.field_manager = "somebody"}, call()
        );
    }

    Api api_;
    runtime::Store empty_;
    KubeCluster cluster_{
        api_.client(),
        {empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_},
        {api_.space(), "operator", "here"}};
};

}  // namespace

std::unique_ptr<ClusterUnderTest> make_cluster_under_test() {
    return std::make_unique<LiveClusterUnderTest>();
}

}  // namespace djdb
