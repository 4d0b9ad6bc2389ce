// A real API server for a test: its administrator's access, accounts of little right, and the hand
// on the switch. The state directory is $DJDB_API_DIR, from tests/apiserver/client_tests.cmake.
#pragma once

#include "controller/kube/client/client.hpp"
#include "controller/kube/config/config.hpp"
#include "tests/support/failure_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace djdb::kube {

inline const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
inline const Resource kAccounts{"", "v1", "serviceaccounts", "ServiceAccount", true};

enum class Library { Cpprest, Beast };

std::string text_of(const std::filesystem::path& file);

/// The value of an environment variable; ends the test program with a message when it is missing.
std::string require_variable(const char* name);

inline CallContext call(std::chrono::seconds limit = std::chrono::seconds{60}) {
    return {{}, Deadline::in(limit), {}};
}

/// False when it does not come about in time.
template <class Condition>
bool eventually(const Condition& condition, std::chrono::seconds limit = std::chrono::seconds{60}) {
    const auto deadline = Deadline::in(limit);
    while (!condition()) {
        if (deadline.has_passed()) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
}

std::unique_ptr<Client> connect(
    const ClusterConfig& config,
    Library library = Library::Cpprest,
    const std::string& user_agent = "apitest"
);

class LiveApi : public testing::Test {
  protected:
    LiveApi();
    /// Removes the namespace of this test.
    ~LiveApi() override;

    [[nodiscard]] static ClusterConfig admin_config();
    [[nodiscard]] nlohmann::json config_map(
        const std::string& name, const nlohmann::json& data = nlohmann::json::object()
    ) const;
    [[nodiscard]] ObjectKey key(const std::string& name) const {
        return {Namespace(space_), ObjectName(name)};
    }
    /// Only a bearer token, of an account in this test's namespace.
    [[nodiscard]] static ClusterConfig token_config();
    std::string issue_token(const std::string& account);
    /// Any request as the administrator. @throws Error for a status outside 2xx
    nlohmann::json request(
        const std::string& method,
        const std::string& target,
        const std::string& body,
        const std::string& type = "application/json"
    );

    /// The text of the project's own CRD of this plural name.
    static std::string current_schema(const std::string& plural);
    /// Makes or replaces the CRD; whether it is served by now, is_served() says.
    void apply_crd(const std::string& plural, const std::string& text);
    bool is_served(const Resource& resource);
    void remove_crds();

    /// SIGKILL, and no answer any more when it returns.
    static void kill_server();
    /// Starts what is down; the same addresses, keys and data. The administrator connects anew: a
    /// request on a connection of before would fail.
    void start_server();
    /// Forgets all of etcd's past.
    static void compact();
    /// Requests of this verb on this resource that the audit log has from a user agent.
    [[nodiscard]] static std::size_t audited(
        const std::string& user_agent, const std::string& verb, const std::string& resource
    );

    std::string space_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<Client> admin_;
};

}  // namespace djdb::kube
