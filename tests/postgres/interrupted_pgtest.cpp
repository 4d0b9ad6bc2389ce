// Provisioning and retirement cut at every statement, then run again: the end is that of a run
// which nothing disturbed.
#include "controller/postgres/session/scram.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/provision/roles.hpp"
#include "reconcilers/sql/remove/retire.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"

#include <csignal>
#include <filesystem>
#include <future>
#include <iterator>
#include <set>
#include <thread>

namespace djdb::postgres {
namespace {

class Interrupted : public LiveServer {
  protected:
    Interrupted() : names_(fresh_tenant()), claimant_(claimant_of(names_)) { learn_the_ends(); }

    /// Of a tenant that nothing disturbs.
    void learn_the_ends() {
        const auto undisturbed = fresh_tenant();
        provision(undisturbed, claimant_of(undisturbed));
        provisioned_ = end_state(undisturbed, superuser_);
        database_of(undisturbed)->retire(call_for());
        retired_ = end_state(undisturbed, superuser_);
    }
    void expect_provisioned_in_the_end() {
        provision(names_, claimant_);
        EXPECT_EQ(end_state(names_, superuser_), provisioned_);
        database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
        database_of(names_)->prove_login(
            LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
        );
    }

    Superuser superuser_ = as_superuser;
    TenantNames names_;
    Claimant claimant_;
    std::string provisioned_;
    std::string retired_;
};

TEST_F(Interrupted, InClaimAndRoles) {
    const auto batch = sql::claim_and_create_roles(
        names_, setup_, claimant_, verifiers_of(passwords_), {}, server_version()
    );
    ASSERT_EQ(end_state(names_), "");
    cut_everywhere(batch, access_.maintenance_database, names_);
    expect_provisioned_in_the_end();
    cut_everywhere(
        batch, access_.maintenance_database, names_
    );  // of a tenant that is there already
    expect_provisioned_in_the_end();
}

TEST_F(Interrupted, BetweenClaimAndDatabase) {
    database_of(names_, claimant_)->claim_and_create_roles(passwords_, {}, call_for());
    expect_provisioned_in_the_end();
}

TEST_F(Interrupted, ASessionThatMadeADatabaseIsAsItBegan) {
    const auto session = Connection::open(admin_endpoint(access_.maintenance_database), call_for());
    const auto look = [&] {
        const std::string locks =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";
        return session->run(
            {"SELECT current_setting('statement_timeout') || ' ' || (" + locks + ")"}, call_for()
        );
    };
    const auto before = look();
    session->run(sql::begin_creating(names_), call_for());
    EXPECT_EQ(look().at(0).at(0), "0 1");
    session->run_batch(sql::release_session(), call_for());
    EXPECT_EQ(look(), before);
}

TEST_F(Interrupted, ASessionThatCouldNotMakeADatabaseEnds) {
    EXPECT_EQ(
        failure_of([&] { database_of(names_)->create(call_for()); }).reason, Reason::ClaimLost
    ) << "of nobody";
    const std::string locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    for (int i = 0; i < 100 && as_superuser(locks) != "0"; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    EXPECT_EQ(as_superuser(locks), "0");
}

TEST_F(Interrupted, InConfiguration) {
    database_of(names_, claimant_)->claim_and_create_roles(passwords_, {}, call_for());
    database_of(names_)->create(call_for());
    const auto batch = sql::configure_database(names_, setup_, claimant_, server_version());
    cut_everywhere(batch, access_.maintenance_database, names_);
    Connection::open(admin_endpoint(access_.maintenance_database), call_for())
        ->run_batch(batch, call_for());
    EXPECT_FALSE(database_of(names_, claimant_)->inspect(call_for()).database_is_configured)
        << "public is not handed over yet";
    const auto hand_over =
        sql::hand_over_schema(names_, setup_, server_version(), admin_is_superuser());
    if (!hand_over.empty()) {
        cut_everywhere(hand_over, names_.database.str(), names_);
        Connection::open(admin_endpoint(names_.database.str()), call_for())
            ->run_batch(hand_over, call_for());
    }
    cut_everywhere({sql::note_configured(names_, claimant_)}, access_.maintenance_database, names_);
    expect_provisioned_in_the_end();
}

TEST_F(Interrupted, InRetirement) {
    provision(names_, claimant_);
    const auto app = Connection::open(
        tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
    );
    const auto batch = sql::retire(names_, claimant_);
    cut_everywhere(batch, access_.maintenance_database, names_);
    Connection::open(admin_endpoint(access_.maintenance_database), call_for())
        ->run_batch(batch, call_for());
    EXPECT_NO_THROW(app->run({"SELECT 1"}, call_for())) << "cut before the sessions were ended";
    EXPECT_EQ(
        failure_of([&] {
            database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
        }).reason,
        Reason::LoginRejected
    );
    cut_everywhere(sql::drop_logins(names_, claimant_), access_.maintenance_database, names_);
    database_of(names_, claimant_)->retire(call_for());
    EXPECT_EQ(end_state(names_), retired_);
    EXPECT_EQ(
        failure_of([&] { app->run({"SELECT 1"}, call_for()); }).kind, FailureClass::Transient
    );
    // The ledger takes no claim of the deleted one.
    claimant_ = claimant_of(names_, "uid-2");
    provisioned_.replace(
        provisioned_.find("uid-1"), claimant_.uid.str().size(), claimant_.uid.str()
    );
    expect_provisioned_in_the_end();
}

TEST_F(Interrupted, InRotation) {
    provision(names_, claimant_);
    const auto old = passwords_;
    const auto fresh = fresh_passwords();
    const auto expect_only = [&](const TenantPasswords& works, const TenantPasswords& refused) {
        const auto tenant = database_of(names_);
        for (const auto& login : {LoginId::a(), LoginId::migrate()}) {
            EXPECT_TRUE(tenant->accepts_password(login, works.at(login), call_for()));
            EXPECT_FALSE(tenant->accepts_password(login, refused.at(login), call_for()));
        }
    };
    const auto batch = sql::claim_and_create_roles(
        names_, setup_, claimant_, verifiers_of(fresh), {}, server_version()
    );
    cut_everywhere(batch, access_.maintenance_database, names_, [&] { expect_only(old, fresh); });
    for (int run = 0; run < 2; ++run) {
        database_of(names_, claimant_)->claim_and_create_roles(fresh, {}, call_for());
        expect_only(fresh, old);
    }
    passwords_ = fresh;
    expect_provisioned_in_the_end();
}

/// On a server of its own: what happens to it is no other test's business.
class ServerKilled : public Interrupted {
  protected:
    ServerKilled() {
        access_ = doomed_.access();
        superuser_ = [this](const std::string& sql, const std::string& database) {
            return doomed_.as_superuser(sql, database);
        };
        base_ = doomed_.as_superuser("SHOW data_directory") + "/base";
        learn_the_ends();
    }

    std::set<std::string> folders() {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(base_)) {
            found.insert(entry.path().filename());
        }
        return found;
    }
    /// Starts CREATE DATABASE and kills its process and the server's as soon as its files appear.
    void kill_amid_creation() {
        const auto postmaster = static_cast<pid_t>(std::stoi(
            doomed_.as_superuser("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
        ));
        const auto before = folders();
        const auto session =
            Connection::open(admin_endpoint(access_.maintenance_database), call_for());
        const auto backend = static_cast<pid_t>(session->backend_pid());
        const std::jthread creator([&] {
            try {
                session->run(sql::create_database(names_), call_for());
            } catch (const Error& error) {
                EXPECT_EQ(error.failure().code, "ConnectionLost");
            }
        });
        const auto until = Deadline::in(std::chrono::seconds{30});
        while (folders().size() == before.size() && !until.has_passed()) {
        }
        ::kill(backend, SIGKILL);
        ::kill(postmaster, SIGKILL);
    }
    /// What is there once the server is up again; the breaker's rest is waited for.
    TenantFacts facts_after_restart() {
        doomed_.start();
        const auto until = Deadline::in(std::chrono::seconds{60});
        for (;;) {
            try {
                return database_of(names_, claimant_)->inspect(call_for());
            } catch (const Error& error) {
                if (error.failure().kind != FailureClass::Transient || until.has_passed()) {
                    throw;
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }
    }

  private:
    SpareServer doomed_{"doomed"};
    std::filesystem::path base_;
};

TEST_F(ServerKilled, AmidCreateDatabase) {
    // On a busy machine the kill may come when all is done: then once more with another tenant.
    bool was_amid = false;
    for (int attempt = 0; attempt < 20 && !was_amid; ++attempt) {
        names_ = fresh_tenant();
        claimant_ = claimant_of(names_);
        database_of(names_, claimant_)->claim_and_create_roles(passwords_, {}, call_for());
        kill_amid_creation();
        EXPECT_EQ(failure_of([&] { provision(names_, claimant_); }).kind, FailureClass::Transient);
        const auto found = facts_after_restart().database;
        was_amid = found == DatabaseState::Absent;
        EXPECT_TRUE(was_amid || found == DatabaseState::Closed) << "a half-made database is none";
        expect_provisioned_in_the_end();
    }
    EXPECT_TRUE(was_amid) << "no kill came amid CREATE DATABASE";
}

/// Stops this backend. @return false when it held what others need too, as a lock in shared memory: then it goes on
bool stop_alone(pid_t backend) {
    ::kill(backend, SIGSTOP);
    const auto others =
        std::async(std::launch::async, [] { as_superuser("CREATE TEMP TABLE t ()"); });
    const bool go_on = others.wait_for(std::chrono::seconds{10}) == std::future_status::ready;
    if (!go_on) {
        ::kill(backend, SIGCONT);
    }
    return go_on;
}

/// For longer than any other statement may take, and than an operator waits for.
TEST_F(Interrupted, DatabaseIsMadeHoweverLongTheDiskStandsStill) {
    pid_t backend = 0;
    std::future<void> made;
    TenantNames names = fresh_tenant();
    for (int i = 0; i < 20; ++i, names = fresh_tenant()) {
        database_of(names)->claim_and_create_roles(passwords_, {}, call_for());
        made = std::async(std::launch::async, [&] { database_of(names)->create(call_for()); });
        backend = 0;
        while (backend == 0 &&
               made.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready) {
            const auto pid = as_superuser(
                "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'CREATE "
                "DATABASE \"" +
                names.database.str() + "\"%'"
            );
            backend = pid.empty() ? 0 : std::stoi(pid);
        }
        if (backend != 0 && stop_alone(backend)) {
            break;
        }
        made.get();
        backend = 0;
    }
    ASSERT_NE(backend, 0);
    PostgresDatabase other;
    EXPECT_EQ(
        failure_of([&] {
            other.of(access_, {names, setup_, claimant_of(names)})->create(call_for());
        }).reason,
        Reason::Progressing
    );
    std::this_thread::sleep_for(std::chrono::seconds{26});
    ::kill(backend, SIGCONT);
    EXPECT_NO_THROW(made.get());
    EXPECT_EQ(database_of(names)->inspect(call_for()).database, DatabaseState::Closed);
}

}  // namespace
}  // namespace djdb::postgres
