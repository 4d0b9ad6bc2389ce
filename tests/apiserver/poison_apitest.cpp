// The operator's binary and a resource that it can't decode: stored under an older schema, as after
// an upgrade of the CRD. It must hold up nobody else.
#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "tests/apiserver/live_api.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

namespace djdb::kube {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// The real binary as the cluster's administrator. Ended when this dies.
class Operator {
  public:
    explicit Operator(const std::filesystem::path& log) {
        std::vector<std::string> words{
            require_variable("DJDB_OPERATOR"),
            "--kubeconfig",
            (std::filesystem::path(require_variable("DJDB_API_DIR")) / "kubeconfig").string(),
            "--health-probe-bind-address",
            "127.0.0.1:0"};
        std::vector<char*> arguments;
        for (auto& word : words) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(
            &files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600
        );
        posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
        EXPECT_EQ(
            posix_spawn(&process_, arguments[0], &files, nullptr, arguments.data(), environ), 0
        );
        posix_spawn_file_actions_destroy(&files);
    }
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;
    ~Operator() {
        if (runs()) {
            ::kill(process_, SIGTERM);
            ::waitpid(process_, nullptr, 0);
        }
    }

    bool runs() {
        ended_ = ended_ || ::waitpid(process_, nullptr, WNOHANG) != 0;
        return !ended_;
    }

  private:
    pid_t process_ = 0;
    bool ended_ = false;
};

class Poison : public LiveApi {
  protected:
    void SetUp() override {
        apply_crd("postgresservers", older_schema("PostgresServer", "Cluster"));
        apply_crd("djangodatabases", older_schema("DjangoDatabase", "Namespaced"));
        ASSERT_TRUE(eventually([this] {
            return is_served(resources::kDjangoDatabases) && is_served(resources::kPostgresServers);
        }));
    }
    void TearDown() override {
        for (const auto* name : {"poison", "good", "later", "guest"}) {
            admin_->merge_patch(
                resources::kDjangoDatabases,
                key(name),
                {{"metadata", {{"finalizers", nullptr}}}},
                {},
                call()
            );
        }
        remove_crds();
    }
    /// As the real one, but whatever is written is kept.
    static std::string older_schema(const std::string& kind, const std::string& scope) {
        auto singular = kind;
        std::ranges::transform(singular, singular.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        const json any{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
        const json version{
            {"name", "v1alpha1"},
            {"served", true},
            {"storage", true},
            {"subresources", {{"status", json::object()}}},
            {"schema", {{"openAPIV3Schema", any}}}};
        return json{
            {"apiVersion", "apiextensions.k8s.io/v1"},
            {"kind", "CustomResourceDefinition"},
            {"metadata", {{"name", singular + "s.djangodb.io"}}},
            {"spec",
             {{"group", "djangodb.io"},
              {"scope", scope},
              {"names", {{"plural", singular + "s"}, {"singular", singular}, {"kind", kind}}},
              {"versions", {version}}}}}
            .dump();
    }
    [[nodiscard]] json resource(const std::string& name, const json& spec) const {
        return {
            {"apiVersion", "djangodb.io/v1alpha1"},
            {"kind", "DjangoDatabase"},
            {"metadata", {{"name", name}, {"namespace", space_}}},
            {"spec", spec}};
    }
    static json spec_for(const std::string& name) {
        return {
            {"serverRef", {{"name", "nowhere"}}},
            {"database", {{"name", name}}},
            {"credentials", {{"secretName", name + "-database"}}}};
    }
    /// The object's condition of this type; null while there is none.
    json condition_of(const Resource& kind, const ObjectKey& object, const std::string& type) {
        const auto conditions = admin_->read(kind, object, call())
                                    .value_or(json::object())
                                    .value("/status/conditions"_json_pointer, json::array());
        const auto found = std::ranges::find_if(conditions, [&](const json& condition) {
            return condition.at("type") == type;
        });
        return found == conditions.end() ? json(nullptr) : *found;
    }
    /// Not ready, and the condition says which field can't be read.
    bool is_told(
        const Resource& kind, const ObjectKey& object, const std::string& type, const char* field
    ) {
        const auto said = condition_of(kind, object, type);
        return text_at(said, {"status"}) == "False" && text_at(said, {"reason"}) == "Undecodable" &&
               text_at(said, {"message"}).find(field) != std::string::npos &&
               text_at(condition_of(kind, object, "Ready"), {"status"}) == "False";
    }
    /// Warnings that a user sees in `kubectl describe`.
    std::size_t events_of(const std::string& name) {
        const auto events = admin_->list(resources::kEvents, {space_, "", ""}, call());
        return static_cast<std::size_t>(std::ranges::count_if(events.items, [&](const json& event) {
            return text_at(event, {"regarding", "name"}) == name &&
                   text_at(event, {"reason"}) == "Undecodable" &&
                   text_at(event, {"note"}).find("spec.") != std::string::npos;
        }));
    }
    bool is_judged(const std::string& name) {
        return eventually(
            [&] {
                const auto said = condition_of(resources::kDjangoDatabases, key(name), "Accepted");
                return text_at(said, {"reason"}) == "ServerNotFound";
            },
            seconds{90}
        );
    }
};

TEST_F(Poison, HoldsUpNobodyElseAndHealsWhenItIsRepaired) {
    const auto& kind = resources::kDjangoDatabases;
    // A reference as text, a list where an object is due.
    admin_->create(
        kind, resource("poison", {{"serverRef", "nowhere"}, {"database", {1}}}), {}, call()
    );
    admin_->create(kind, resource("good", spec_for("good")), {}, call());
    admin_->create(
        resources::kPostgresServers,
        {{"apiVersion", "djangodb.io/v1alpha1"},
         {"kind", "PostgresServer"},
         {"metadata", {{"name", "broken"}}},
         {"spec",
          {{"host", "db"},
           {"port", "many"},
           {"tls", {{"caSecretRef", {{"name", "ca"}}}}},
           {"adminSecretRef", {{"name", "admin"}}}}}},
        {},
        call()
    );
    auto guest = spec_for("guest");
    guest["serverRef"]["name"] = "broken";
    admin_->create(kind, resource("guest", guest), {}, call());
    apply_crd("postgresservers", current_schema("postgresservers"));
    apply_crd("djangodatabases", current_schema("djangodatabases"));
    const auto log = std::filesystem::temp_directory_path() / (space_ + ".log");
    {
        Operator program(log);
        EXPECT_TRUE(is_judged("good")) << text_of(log);
        const ObjectKey server{{}, ObjectName("broken")};
        EXPECT_TRUE(eventually([&] {
            return is_told(kind, key("poison"), "Accepted", "spec.serverRef: expected an object") &&
                   is_told(kind, key("guest"), "Accepted", "\"broken\" can't be read: spec.port") &&
                   is_told(resources::kPostgresServers, server, "ServerReachable", "spec.port");
        })) << text_of(log);
        EXPECT_TRUE(eventually([&] { return events_of("poison") == 1; })) << text_of(log);
        admin_->create(kind, resource("later", spec_for("later")), {}, call());
        EXPECT_TRUE(is_judged("later")) << text_of(log);
        // Wakes all resources of a server: the one that names none must not stop the walk.
        admin_->merge_patch(kind, key("poison"), {{"spec", spec_for("poison")}}, {}, call());
        EXPECT_TRUE(is_judged("poison")) << text_of(log);
        EXPECT_TRUE(program.runs()) << text_of(log);
    }
    std::filesystem::remove(log);
}

}  // namespace
}  // namespace djdb::kube
