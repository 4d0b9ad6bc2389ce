// Many workers at once: no tenant disturbs another, and four sessions are the most.
#include "tests/postgres/live_server.hpp"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace djdb::postgres {
namespace {

class Concurrency : public LiveServer {
  protected:
    static std::string sessions() {
        return as_superuser(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
            "'djangodb-operator/%'"
        );
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
                database_.prove_runtime_login(access_, tenants[i], passwords_.runtime, call_for());
            } catch (const Error& error) {
                ++failures;
                ADD_FAILURE() << error.failure().code << ' ' << error.what();
            }
        }
    };
    int most = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back(work);
        }
        while (next < tenants.size()) {
            most = std::max(most, std::stoi(sessions()));
        }
    }
    EXPECT_EQ(failures, 0);
    EXPECT_GE(most, 2);
    // A session that just ended is listed until its process is gone, hence twice the limit.
    EXPECT_LE(most, 2 * static_cast<int>(SessionPool::kMostSessions));
    for (const auto& names : tenants) {
        EXPECT_TRUE(database_.inspect_tenant(access_, names, claimant_of(names), call_for())
                        .database_is_configured);
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
    database_.prove_migration_login(access_, names, passwords_.migrate, call_for());
    EXPECT_TRUE(database_.inspect_tenant(access_, names, claimant_of(names), call_for())
                    .database_is_configured);
}

TEST_F(Concurrency, PoolHandsOutFourAndReusesThem) {
    SessionPool pool;
    const auto endpoint = admin_endpoint("postgres");
    std::set<std::int64_t> first;
    {
        std::vector<SessionPool::Lease> leases;
        for (std::size_t i = 0; i < SessionPool::kMostSessions; ++i) {
            leases.push_back(pool.take(endpoint, call_for()));
            first.insert(leases.back()->backend_pid());
        }
        EXPECT_EQ(
            failure_of([&] { pool.take(endpoint, call_for(std::chrono::seconds{1})); }).code,
            "Timeout"
        );
    }
    EXPECT_EQ(first.size(), SessionPool::kMostSessions);
    const auto again = pool.take(endpoint, call_for());
    EXPECT_TRUE(again.is_reused());
    EXPECT_TRUE(first.contains(again->backend_pid()));
    auto changed = endpoint;
    changed.password = fresh_password();
    EXPECT_EQ(failure_of([&] { pool.take(changed, call_for()); }).code, "AuthRejected")
        << "a new password is tried";
}

}  // namespace
}  // namespace djdb::postgres
