// A reflector behind a network that fails and a real API server that dies, forgets and comes back.
#include "controller/kube/watch/reflector.hpp"
#include "tests/apiserver/live_api.hpp"
#include "tests/support/tcp_relay.hpp"

#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

namespace djdb::kube {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;
using std::chrono::seconds;

class ReflectorAgainstTheServer : public LiveApi {
  protected:
    /// Starts a reflector over this test's ConfigMaps, through the relay.
    void reflect(ClusterConfig config) {
        config.port = relay_.port();
        client_ = connect(config, Library::Cpprest, agent_);
        reflector_ = std::make_unique<Reflector>(
            *client_,
            ReflectorOptions{kConfigMaps, {space_, "", "metadata.name!=kube-root-ca.crt"}, false},
            [this](const json& object, bool deleted) {
                const std::scoped_lock lock(mutex_);
                const auto name = object.at("metadata").at("name").get<std::string>();
                (deleted ? deleted_ : changed_).insert(name);
            }
        );
        ASSERT_TRUE(reflector_->wait_until_synced(Deadline::in(seconds{60})));
    }
    void make(const std::string& name) {
        admin_->create(kConfigMaps, config_map(name), {}, call());
    }
    void remove(const std::string& name) { admin_->remove(kConfigMaps, key(name), {}, call()); }
    bool comes_to_hold(const Names& names) {
        const auto held = [&] {
            Names found;
            for (const auto& object : reflector_->store().list()) {
                found.insert(object->at("metadata").at("name").get<std::string>());
            }
            return found == names;
        };
        return eventually(held, seconds{120});
    }
    [[nodiscard]] std::size_t lists() const { return audited(agent_, "list", "configmaps"); }
    Names deleted() {
        const std::scoped_lock lock(mutex_);
        return deleted_;
    }

    const std::string agent_ = "reflector-" + space_;
    support::TcpRelay relay_{admin_config().port};
    std::mutex mutex_;
    Names changed_;
    Names deleted_;
    std::unique_ptr<Client> client_;
    std::unique_ptr<Reflector> reflector_;
};

TEST_F(ReflectorAgainstTheServer, ACutNetworkCostsNeitherAnEventNorAList) {
    make("stays");
    make("goes");
    reflect(admin_config());
    for (int round = 0; round < 3; ++round) {
        relay_.cut();
        make("new" + std::to_string(round));
        if (round == 1) {
            remove("goes");
        }
        relay_.restore();
    }
    EXPECT_TRUE(comes_to_hold({"stays", "new0", "new1", "new2"}));
    EXPECT_EQ(deleted(), Names{"goes"});
    EXPECT_EQ(lists(), 1U);
}

TEST_F(ReflectorAgainstTheServer, AServerThatWasKilledIsFollowedAgainWithoutAStormOfLists) {
    make("stays");
    make("goes");
    reflect(admin_config());
    kill_server();
    start_server();
    remove("goes");
    make("new");
    EXPECT_TRUE(comes_to_hold({"stays", "new"}));
    EXPECT_EQ(deleted(), Names{"goes"});
    // The new server's cache may begin behind our version (410): then there is one list more.
    EXPECT_LE(lists(), 2U);
}

TEST_F(ReflectorAgainstTheServer, AForgottenPastIsListedAndWhatVanishedInItIsToldAsDeleted) {
    make("stays");
    make("goes");
    make("changes");
    reflect(admin_config());
    relay_.cut();
    remove("goes");
    admin_->merge_patch(kConfigMaps, key("changes"), {{"data", {{"k", "1"}}}}, {}, call());
    make("new");
    compact();
    // Its watch cache remembers for longer than etcd; a new server begins behind the compaction.
    kill_server();
    start_server();
    relay_.restore();
    EXPECT_TRUE(comes_to_hold({"stays", "changes", "new"}));
    EXPECT_EQ(deleted(), Names{"goes"});
    EXPECT_EQ(reflector_->store().find(space_ + "/changes")->at("data").at("k"), "1");
    EXPECT_EQ(lists(), 2U);
}

TEST_F(ReflectorAgainstTheServer, ARevokedTokenIsReplacedWithoutARestart) {
    const json account{
        {"apiVersion", "v1"},
        {"kind", "ServiceAccount"},
        {"metadata", {{"name", "reader"}, {"namespace", space_}}}};
    admin_->create(kAccounts, account, {}, call());
    const json binding{
        {"apiVersion", "rbac.authorization.k8s.io/v1"},
        {"kind", "RoleBinding"},
        {"metadata", {{"name", "reader"}, {"namespace", space_}}},
        {"roleRef",
         {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}}},
        {"subjects", {{{"kind", "ServiceAccount"}, {"name", "reader"}, {"namespace", space_}}}}};
    request(
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/" + space_ + "/rolebindings",
        binding.dump()
    );
    make("before");
    auto config = token_config();
    config.token_file = std::filesystem::temp_directory_path() / (space_ + ".token");
    std::ofstream(config.token_file) << issue_token("reader");
    reflect(config);

    // Tokens of an account that is gone are refused, once the server's cache of them has passed.
    admin_->remove(kAccounts, key("reader"), {}, call());
    const auto is_refused = [&] {
        try {
            client_->read(kConfigMaps, key("before"), call());
            return false;
        } catch (const Error& error) {
            return error.failure().code == "401 Unauthorized";
        }
    };
    EXPECT_TRUE(eventually(is_refused));
    relay_.cut();  // the watch has to come back with the token that holds then
    make("during");
    admin_->create(kAccounts, account, {}, call());
    std::ofstream(config.token_file) << issue_token("reader");
    relay_.restore();
    EXPECT_TRUE(comes_to_hold({"before", "during"}));
    EXPECT_TRUE(client_->read(kConfigMaps, key("before"), call()).has_value());
    EXPECT_EQ(lists(), 1U);
    std::filesystem::remove(config.token_file);
}

}  // namespace
}  // namespace djdb::kube
