// Many workers together: no tenant disturbs another, and four sessions are the most, idle ones
// included.
#include "tests/postgres/live_server.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <latch>
#include <netinet/in.h>
#include <optional>
#include <set>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

namespace djdb::postgres {
namespace {

class Concurrency : public LiveServer {
  protected:
    /// Connections of this process to the server that were there at one moment: what the server
    /// lists may have ended already, and while one pass reads, some end and others begin.
    [[nodiscard]] std::size_t sessions() const {
        const auto before = own_ports();
        const auto after = own_ports();
        return static_cast<std::size_t>(std::ranges::count_if(before, [&](in_port_t port) {
            return after.contains(port);
        }));
    }

  private:
    static in_port_t port_of(const sockaddr_storage& address) {
        if (address.ss_family == AF_INET6) {
            return reinterpret_cast<const sockaddr_in6&>(address).sin6_port;
        }
        return address.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                                            : in_port_t{0};
    }
    /// This side's ports of the connections to the server.
    [[nodiscard]] std::set<in_port_t> own_ports() const {
        std::set<in_port_t> found;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            const int descriptor = std::stoi(entry.path().filename());
            sockaddr_storage peer{};
            sockaddr_storage own{};
            socklen_t peer_size = sizeof peer;
            socklen_t own_size = sizeof own;
            if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 &&
                ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &own_size) == 0 &&
                std::cmp_equal(ntohs(port_of(peer)), access_.address.port)) {
                found.insert(port_of(own));
            }
        }
        return found;
    }
};

TEST_F(Concurrency, EightWorkersProvisionTenTenantsEach) {
    std::vector<TenantNames> tenants;
    while (tenants.size() < 80) {
        tenants.push_back(fresh_tenant());
    }
    std::atomic<std::size_t> next{0};
    std::atomic<int> failures{0};
    const auto work = [&] {
        for (auto i = next++; i < tenants.size(); i = next++) {
            try {
                provision(tenants[i], claimant_of(tenants[i]));
                database_of(tenants[i])
                    ->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
            } catch (const Error& error) {
                ++failures;
                ADD_FAILURE() << error.failure().code << ' ' << error.what();
            }
        }
    };
    std::size_t most = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back(work);
        }
        while (next < tenants.size()) {
            most = std::max(most, sessions());
            std::this_thread::sleep_for(std::chrono::milliseconds{2});  // the workers need the CPU
        }
    }
    EXPECT_EQ(failures, 0);
    EXPECT_GE(most, 2U);
    EXPECT_LE(most, access_.address.max_sessions);
    for (const auto& names : tenants) {
        EXPECT_TRUE(database_of(names)->inspect(call_for()).database_is_configured);
    }
}

TEST_F(Concurrency, EightWorkersOnOneTenant) {
    const auto names = fresh_tenant();
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back([&] {
                try {
                    provision(names, claimant_of(names));
                } catch (const Error& error) {
                    ADD_FAILURE() << error.failure().code << ' ' << error.what();
                }
            });
        }
    }
    database_of(names)->prove_login(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    );
    EXPECT_TRUE(database_of(names)->inspect(call_for()).database_is_configured);
}

TEST_F(Concurrency, TwoOperatorsWantOneDatabaseAndOneGetsIt) {
    const auto reference = fresh_tenant();
    provision(reference, claimant_of(reference));
    for (int round = 0; round < 4; ++round) {
        const auto names = fresh_tenant();
        std::array<Claimant, 2> claimants{claimant_of(names), claimant_of(names)};
        claimants[1].cluster_id = "cluster-2";
        const std::array<TenantPasswords, 2> passwords{passwords_, fresh_passwords()};
        std::array<PostgresDatabase, 2> operators;
        std::array<std::atomic<int>, 2> won{};
        std::array<std::atomic<int>, 2> refused{};
        std::latch start(8);
        const auto work = [&](std::size_t side) {
            start.arrive_and_wait();
            try {
                auto& database = operators.at(side);
                const auto call = call_for();
                const auto& claimant = claimants.at(side);
                database.of(access_, {names, setup_, claimant})
                    ->claim_and_create_roles(passwords.at(side), {}, call);
                database.of(access_, {names, setup_, claimant})->create(call);
                database.of(access_, {names, setup_, claimant})->configure(call);
                ++won.at(side);
            } catch (const Error& error) {
                EXPECT_EQ(error.failure().reason, Reason::OwnershipConflict) << error.what();
                ++refused.at(side);
            }
        };
        {
            std::vector<std::jthread> workers;
            for (std::size_t i = 0; i < 8; ++i) {
                workers.emplace_back(work, i % 2);
            }
        }
        const std::size_t winner = won[0] > 0 ? 0 : 1;
        const auto loser = 1 - winner;
        EXPECT_EQ(won.at(winner), 4);
        EXPECT_EQ(won.at(loser), 0);
        EXPECT_EQ(refused.at(loser), 4);
        auto state = end_state(names);
        for (auto at = state.find("cluster-2"); at != std::string::npos;
             at = state.find("cluster-2", at)) {
            EXPECT_EQ(winner, 1U) << "the loser's cluster is on the server";
            state.replace(at, 9, "cluster-1");
        }
        EXPECT_EQ(state, end_state(reference));
        database_of(names)->prove_login(
            LoginId::a(), passwords.at(winner).at(LoginId::a()), call_for()
        );
        EXPECT_EQ(
            failure_of([&] {
                database_of(names)->prove_login(
                    LoginId::a(), passwords.at(loser).at(LoginId::a()), call_for()
                );
            }).reason,
            Reason::LoginRejected
        );
    }
}

TEST_F(Concurrency, PoolHandsOutSoManyAndReusesThem) {
    SessionPool pool;
    const auto endpoint = admin_endpoint("postgres");
    std::set<std::int64_t> first;
    {
        std::vector<SessionPool::Lease> leases;
        for (std::size_t i = 0; i < endpoint.server.max_sessions; ++i) {
            leases.push_back(pool.take(endpoint, call_for()));
            first.insert(leases.back()->backend_pid());
        }
        EXPECT_EQ(
            failure_of([&] { pool.take(endpoint, call_for(std::chrono::seconds{1})); }).code,
            "Timeout"
        );
    }
    EXPECT_EQ(first.size(), endpoint.server.max_sessions);
    const auto again = pool.take(endpoint, call_for());
    EXPECT_TRUE(again.is_reused());
    EXPECT_TRUE(first.contains(again->backend_pid()));
    auto changed = endpoint;
    changed.login.password = fresh_password();
    EXPECT_EQ(failure_of([&] { pool.take(changed, call_for()); }).reason, Reason::AuthRejected)
        << "a new password is tried";
}

/// An administrator's next login costs more than a login's proof takes.
TEST_F(Concurrency, PoolKeepsWhatWasInUseJustNowWhileAPlaceBecomesFree) {
    SessionPool pool;
    const auto resting = admin_endpoint("postgres");
    auto once = resting;
    once.is_reusable = false;
    const auto most = once.server.max_sessions;
    std::optional<SessionPool::Lease> proof(pool.take(once, call_for()));
    std::set<std::int64_t> kept;
    {
        std::vector<SessionPool::Lease> leases;
        while (leases.size() + 1 < most) {
            leases.push_back(pool.take(resting, call_for()));
            kept.insert(leases.back()->backend_pid());
        }
    }
    std::jthread other([&] { pool.take(once, call_for()); });
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    proof.reset();
    other.join();
    std::vector<SessionPool::Lease> again;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        again.push_back(pool.take(resting, call_for()));
        EXPECT_TRUE(kept.contains(again.back()->backend_pid()));
    }
}

TEST_F(Concurrency, PoolWaitsForNoPlaceThatNobodyIsAboutToLeave) {
    SessionPool pool;
    const auto resting = admin_endpoint("postgres");
    auto once = resting;
    once.is_reusable = false;
    std::vector<SessionPool::Lease> leases;
    for (std::size_t i = 0; i < once.server.max_sessions; ++i) {
        leases.push_back(pool.take(resting, call_for()));
    }
    leases.pop_back();
    const auto first = pool.take(once, call_for());
    EXPECT_EQ(
        failure_of([&] { pool.take(once, call_for(std::chrono::seconds{1})); }).code, "Timeout"
    ) << "all places are in use";
    leases.pop_back();
    pool.take(once, call_for());  // after a moment in place of the one that rests
}

/// On a primary that was replaced and left running they would go on for ever.
TEST_F(Concurrency, PoolReusesNoSessionThatIsOld) {
    SessionPool pool(std::chrono::milliseconds{300});
    const auto endpoint = admin_endpoint("postgres");
    const auto first = pool.take(endpoint, call_for())->backend_pid();
    EXPECT_EQ(pool.take(endpoint, call_for())->backend_pid(), first);
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
    EXPECT_NE(pool.take(endpoint, call_for())->backend_pid(), first);
}

}  // namespace
}  // namespace djdb::postgres
