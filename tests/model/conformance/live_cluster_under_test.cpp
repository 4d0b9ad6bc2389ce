// The suite's real API server: the one that ctest started for client_apitests. What it cannot show, since
// it has no node: Pods start and end when the test says so.
#include "controller/kube/objects/job_run.hpp"
#include "controller/kube/objects/workload.hpp"
#include "controller/watches.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "crds/gate.hpp"
#include "tests/apiserver/live_api.hpp"
#include "tests/model/conformance/cluster_under_test.hpp"

#include <optional>

namespace djdb {
namespace {

using namespace kube;
using nlohmann::json;

const Resource kBindings{
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false};
const Resource kQuotas{"", "v1", "resourcequotas", "ResourceQuota", true};
constexpr auto kNow = "2026-11-29T12:00:00Z";

json named(const Resource& resource, const ObjectKey& key) {
    json object{
        {"apiVersion",
         resource.group.empty() ? resource.version : resource.group + "/" + resource.version},
        {"kind", resource.kind},
        {"metadata", {{"name", key.name.str()}}}};
    if (!key.ns.empty()) {
        object["metadata"]["namespace"] = key.ns.str();
    }
    return object;
}

/// The kinds, the gate, and the operator's account in a namespace of its own. No case of its own.
class Ground final : public LiveApi {
  public:
    Ground() {
        for (const auto* plural : {"postgresservers", "djangodatabases"}) {
            apply_crd(plural, current_schema(plural));
        }
        EXPECT_TRUE(eventually([this] {
            return is_served(resources::kDjangoDatabases) && is_served(resources::kPostgresServers);
        }));
        client().create(kAccounts, named(kAccounts, key("operator")), {}, call());
        auto binding = named(kBindings, everywhere(space_));
        binding["roleRef"] = {
            {"apiGroup", "rbac.authorization.k8s.io"},
            {"kind", "ClusterRole"},
            {"name", "cluster-admin"}};
        const json account{{"kind", "ServiceAccount"}, {"name", "operator"}, {"namespace", space_}};
        binding["subjects"] = json::array({account});
        client().create(kBindings, binding, {}, call());
        install_gate();
    }
    ~Ground() override {
        client().remove(kBindings, everywhere(space_), {}, call());
        client().remove(resources::kPolicyBindings, gate_key(), {}, call());
        client().remove(resources::kPolicies, gate_key(), {}, call());
        remove_crds();
    }
    Client& client() { return *admin_; }
    [[nodiscard]] Namespace space() const { return Namespace(space_); }
    static ObjectKey everywhere(const std::string& name) { return {{}, ObjectName(name)}; }
    static ObjectKey gate_key() { return everywhere(std::string(api::kGate)); }
    std::unique_ptr<Client> make_operator_client() {
        auto config = token_config();
        config.token = Sensitive(issue_token("operator"));
        return connect(config);
    }
    void install_gate() {
        auto policy = named(resources::kPolicies, gate_key());
        policy["spec"] = gate_policy_spec(operator_username(space_, "operator"));
        client().apply(resources::kPolicies, policy, {}, call());
        auto binding = named(resources::kPolicyBindings, gate_key());
        binding["spec"] = gate_binding_spec();
        client().apply(resources::kPolicyBindings, binding, {}, call());
    }

  private:
    void TestBody() override {}
};

class LiveClusterUnderTest final : public ClusterUnderTest {
  public:
    LiveClusterUnderTest() {
        EXPECT_TRUE(watches_.wait_until_synced({}));
        EXPECT_TRUE(eventually([this] { return is_gate_in_force(); }));
    }
    ~LiveClusterUnderTest() override { end_case(); }

    void begin_case() override {
        end_case();
        ns_ = Namespace(ground_.space().str() + "-" + std::to_string(++cases_));
        const auto key = Ground::everywhere(ns_.str());
        admin().create(resources::kNamespaces, named(resources::kNamespaces, key), {}, call());
    }
    Cluster& cluster() override { return cluster_; }
    Namespace ns() override { return ns_; }
    void wait() override { std::this_thread::sleep_for(std::chrono::milliseconds{20}); }

    DjangoDatabase make_resource(const std::string& name) override {
        auto object = named(resources::kDjangoDatabases, key(name));
        object["spec"] = {{"serverRef", {{"name", "main"}}}, {"database", {{"name", name}}}};
        return decode_django_database(make(resources::kDjangoDatabases, object));
    }
    DjangoDatabase read_resource(const std::string& name) override {
        return decode_django_database(read(resources::kDjangoDatabases, key(name)));
    }
    void edit_spec(const std::string& name) override {
        edit(resources::kDjangoDatabases, name, {{"spec", {{"deletion", {{"policy", "Delete"}}}}}});
    }
    void annotate(const std::string& name) override {
        edit(resources::kDjangoDatabases, name, note("x"));
    }
    void remove_resource(const std::string& name) override {
        admin().remove(resources::kDjangoDatabases, key(name), {}, call());
    }
    PostgresServer make_server(const std::string& name) override {
        auto object = named(resources::kPostgresServers, Ground::everywhere(name));
        object["spec"] = {
            {"host", "/run/postgresql"}, {"adminSecretRef", {{"name", "postgres-main-admin"}}}};
        return decode_postgres_server(make(resources::kPostgresServers, object));
    }
    PostgresServer read_server(const std::string& name) override {
        return decode_postgres_server(read(resources::kPostgresServers, Ground::everywhere(name)));
    }
    void remove_server(const std::string& name) override {
        admin().remove(resources::kPostgresServers, Ground::everywhere(name), {}, call());
    }
    Workload make_deployment(const std::string& name, const std::string& database) override {
        return decode_workload(make(resources::kDeployments, deployment(key(name), database)));
    }
    ObjectMeta read_deployment(const std::string& name) override {
        return decode_meta(read(resources::kDeployments, key(name)));
    }
    void edit_template(const std::string& name) override {
        edit(resources::kDeployments, name, {{"spec", {{"template", next_note()}}}});
    }
    void annotate_deployment(const std::string& name) override {
        edit(resources::kDeployments, name, next_note());
    }
    void pause(const std::string& name) override {
        edit(resources::kDeployments, name, {{"spec", {{"paused", true}}}});
    }
    void resume(const std::string& name) override {
        edit(resources::kDeployments, name, {{"spec", {{"paused", nullptr}}}});
    }
    void remove_deployment(const std::string& name) override {
        admin().remove(resources::kDeployments, key(name), {}, call());
    }
    bool is_held(const std::string& name) override {
        return read(resources::kDeployments, key(name)).at("spec").value("paused", false);
    }
    void alter_gate() override {
        const json patch{{"spec", {{"failurePolicy", "Ignore"}}}};
        admin().merge_patch(resources::kPolicies, Ground::gate_key(), patch, {}, call());
    }
    void remove_gate() override {
        admin().remove(resources::kPolicyBindings, Ground::gate_key(), {}, call());
    }
    void restore_gate() override {
        ground_.install_gate();
        EXPECT_TRUE(eventually([this] { return is_gate_in_force(); }));
    }
    void make_secret(const std::string& name, const std::string& entry) override {
        auto object = named(resources::kSecrets, key(name));
        object["data"] = {{entry, "dGhlaXJz"}};
        make(resources::kSecrets, object);
    }
    void add_key(const std::string& name, const std::string& entry) override {
        edit(resources::kSecrets, name, {{"data", {{entry, "dGhlaXJz"}}}});
    }
    bool has_secret(const std::string& name) override {
        return admin().read(resources::kSecrets, key(name), call()).has_value();
    }
    void make_config_map(const Namespace& ns, const std::string& name, const std::string& entry)
        override {
        const ObjectKey key{ns.empty() ? ground_.space() : ns, ObjectName(name)};
        auto object = named(resources::kConfigMaps, key);
        object["data"] = {{entry, "theirs"}};
        make(resources::kConfigMaps, object);
    }
    std::string config(const std::string& name, const std::string& entry) override {
        return read(resources::kConfigMaps, key(name)).at("data").value(entry, "");
    }
    void complete_job(const std::string& name) override {
        const Selection its{ns_.str(), std::string(kJobNameLabel) + "=" + name, ""};
        std::vector<json> pods;
        ASSERT_TRUE(eventually([&] {
            pods = admin().list(resources::kPods, its, call()).items;
            return !pods.empty();
        }));
        const json end{
            {"exitCode", 0},
            {"reason", "Completed"},
            {"message", "well"},
            {"startedAt", kNow},
            {"finishedAt", kNow}};
        const json container{
            {"name", "app"},
            {"image", "shop:1"},
            {"imageID", ""},
            {"restartCount", 0},
            {"ready", false},
            {"state", {{"terminated", end}}}};
        const json status{{"phase", "Succeeded"}, {"containerStatuses", json::array({container})}};
        admin().merge_patch(
            resources::kPods,
            decode_meta(pods.front()).key,
            {{"status", status}},
            {"somebody", "status"},
            call()
        );
        EXPECT_TRUE(eventually([&] {
            return read(resources::kJobs, key(name)).at("status").contains("completionTime");
        }));
    }
    ResourceUid job(const std::string& name) override {
        const auto found = admin().read(resources::kJobs, key(name), call());
        return found ? decode_meta(*found).uid : ResourceUid();
    }
    void forbid_jobs() override {
        auto object = named(kQuotas, key("none"));
        object["spec"] = {{"hard", {{"count/jobs.batch", "0"}}}};
        make(kQuotas, object);
        EXPECT_TRUE(eventually([&] {
            return read(kQuotas, key("none")).at("status").contains("hard");
        }));
    }

  private:
    Client& admin() { return ground_.client(); }
    [[nodiscard]] ObjectKey key(const std::string& name) const { return {ns_, ObjectName(name)}; }
    json make(const Resource& resource, const json& object) {
        return admin().create(resource, object, {.field_manager = "somebody"}, call());
    }
    json read(const Resource& resource, const ObjectKey& key) {
        return admin().read(resource, key, call()).value();
    }
    void edit(const Resource& resource, const std::string& name, const json& patch) {
        admin().merge_patch(resource, key(name), patch, {.field_manager = "somebody"}, call());
    }
    static json note(const std::string& text) {
        return {{"metadata", {{"annotations", {{"note", text}}}}}};
    }
    json next_note() { return note(std::to_string(++notes_)); }
    static json deployment(const ObjectKey& key, const std::string& database) {
        const json labels{{"app", key.name.str()}};
        const json container{{"name", "app"}, {"image", "shop:1"}};
        auto object = named(resources::kDeployments, key);
        object["metadata"]["labels"][std::string(api::kDatabaseLabel)] = database;
        object["spec"] = {
            {"selector", {{"matchLabels", labels}}},
            {"template",
             {{"metadata", {{"labels", labels}}},
              {"spec", {{"containers", json::array({container})}}}}}};
        return object;
    }
    /// The API server learns of a policy some time after it was made.
    bool is_gate_in_force() {
        const ObjectKey probe{ground_.space(), ObjectName("probe")};
        const auto made = make(resources::kDeployments, deployment(probe, "probe"));
        admin().remove(resources::kDeployments, probe, {}, call());
        return made.at("spec").value("paused", false);
    }
    /// A resource that is held by a finalizer would hold its kind.
    void end_case() {
        if (ns_.empty()) {
            return;
        }
        const json none{{"metadata", {{"finalizers", nullptr}}}};
        for (const auto& one :
             admin().list(resources::kDjangoDatabases, {ns_.str(), "", ""}, call()).items) {
            edit(resources::kDjangoDatabases, decode_meta(one).key.name.str(), none);
        }
        admin().remove(resources::kNamespaces, Ground::everywhere(ns_.str()), {}, call());
    }

    Ground ground_;
    std::unique_ptr<Client> operator_ = ground_.make_operator_client();
    Queue queue_;
    TenantCache cache_;
    Watches watches_{*operator_, queue_, cache_, ground_.space()};
    KubeCluster cluster_{
        *operator_, watches_.caches(), {ground_.space(), "operator", "conformance"}};
    Namespace ns_;
    int cases_ = 0;
    int notes_ = 0;
};

}  // namespace

std::unique_ptr<ClusterUnderTest> make_cluster_under_test() {
    return std::make_unique<LiveClusterUnderTest>();
}

}  // namespace djdb
