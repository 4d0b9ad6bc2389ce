// Canaries: no password in the server's log or in an error; no verifier in the text of a statement.
#include "tests/postgres/live_server.hpp"

#include <algorithm>
#include <thread>
#include <vector>

namespace djdb::postgres {
namespace {

class Secrecy : public LiveServer {
  public:
    Secrecy(const Secrecy&) = delete;
    Secrecy& operator=(const Secrecy&) = delete;

  protected:
    Secrecy() : admin_("ALTER ROLE " + access_.administrator.user) {}
    ~Secrecy() override { as_superuser(admin_ + " RESET ALL"); }

    /// Of sessions that begin from now on.
    void set_for_admin(const std::string& setting) const {
        as_superuser(admin_ + " SET " + setting);
    }
    /// What the server logged since the test began.
    [[nodiscard]] std::string log() const { return server_log(start_); }
    [[nodiscard]] std::string verifier_of(const RoleName& role) const {
        return as_superuser(
            "SELECT rolpassword FROM pg_authid WHERE rolname = '" + role.str() + "'"
        );
    }

    std::string admin_;
    std::size_t start_ = server_log().size();
};

TEST_F(Secrecy, PasswordsReachNeitherLogNorError) {
    // The operator's server logs definitions, not every statement: the strictest setting in common
    // use.
    set_for_admin("log_statement = 'ddl'");
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    PostgresDatabase fresh;
    const auto call = call_for();
    fresh.of(access_, {names, setup_, claimant})->claim_and_create_roles(passwords_, {}, call);
    fresh.of(access_, {names, setup_, claimant_of(names)})->create(call);
    fresh.of(access_, {names, setup_, claimant})->configure(call);
    fresh.of(access_, {names, setup_, claimant_of(names)})
        ->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call);
    const auto runtime = verifier_of(names.login_a);
    const auto migrate = verifier_of(names.migrate);

    auto other = claimant;
    other.key.ns = Namespace("elsewhere");
    const auto refused = failure_of([&] {
        fresh.of(access_, {names, setup_, other})->claim_and_create_roles(passwords_, {}, call);
    });
    const auto rejected = failure_of([&] {
        fresh.of(access_, {names, setup_, claimant_of(names)})
            ->prove_login(LoginId::a(), passwords_.at(LoginId::migrate()), call);
    });

    const auto text = log();
    ASSERT_NE(text.find(names.login_a.str()), std::string::npos) << "this is not the server's log";
    ASSERT_TRUE(runtime.starts_with("SCRAM-SHA-256$4096:")) << runtime;
    for (const auto& secret :
         {passwords_.at(LoginId::a()).reveal(),
          passwords_.at(LoginId::migrate()).reveal(),
          runtime,
          migrate,
          access_.administrator.password.reveal()}) {
        EXPECT_EQ(text.find(secret), std::string::npos);
        EXPECT_EQ(refused.message.find(secret), std::string::npos) << refused.message;
        EXPECT_EQ(rejected.message.find(secret), std::string::npos) << rejected.message;
    }
    EXPECT_EQ(refused.message.find("SCRAM"), std::string::npos) << refused.message;
    EXPECT_EQ(rejected.reason, Reason::LoginRejected);
}

TEST_F(Secrecy, NoVerifierIsLoggedInRaces) {
    set_for_admin("log_statement = 'ddl'");
    const auto names = fresh_tenant();
    PostgresDatabase fresh;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back([&, i] {
                auto claimant = claimant_of(names);
                claimant.cluster_id = i % 2 == 0 ? "cluster-1" : "cluster-2";
                try {
                    fresh.of(access_, {names, setup_, claimant})
                        ->claim_and_create_roles(passwords_, {}, call_for());
                } catch (const Error& error) {
                    EXPECT_EQ(error.failure().reason, Reason::OwnershipConflict) << error.what();
                }
            });
        }
    }
    ASSERT_NE(log().find("it is claimed by"), std::string::npos) << "nobody was refused";
    EXPECT_EQ(log().find("SCRAM-SHA-256$"), std::string::npos);
}

TEST_F(Secrecy, NoVerifierIsLoggedWhenAWaitingSessionIsEnded) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    provision(names, claimant);
    set_for_admin("log_statement = 'ddl'");
    start_ = server_log().size();
    // A DBA's open transaction on a role makes ours wait; then the DBA ends it, or cancels it as
    // statement_timeout does. Either way the server logs what the statement was doing.
    for (const std::string end : {"pg_terminate_backend", "pg_cancel_backend"}) {
        for (const auto& role : {names.login_a, names.migrate}) {
            const auto holder = Connection::open(admin_endpoint("postgres"), call_for());
            holder->run({"BEGIN"}, call_for());
            holder->run({"ALTER ROLE " + role.str() + " CONNECTION LIMIT -1"}, call_for());
            std::jthread killer([&] {
                const auto until = Deadline::in(std::chrono::seconds{30});
                const auto waiting = "SELECT count(" + end +
                                     "(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                                     "AND usename = '" +
                                     access_.administrator.user + "'";
                while (as_superuser(waiting) == "0" && !until.has_passed()) {
                    std::this_thread::yield();
                }
            });
            PostgresDatabase fresh;
            const auto failure = failure_of([&] {
                fresh.of(access_, {names, setup_, claimant})
                    ->claim_and_create_roles(passwords_, {}, call_for());
            });
            EXPECT_EQ(failure.kind, FailureClass::Transient) << failure.message;
            EXPECT_EQ(failure.message.find("SCRAM"), std::string::npos) << failure.message;
            killer.join();
            holder->run({"ROLLBACK"}, call_for());
        }
    }
    ASSERT_NE(log().find("due to administrator command"), std::string::npos);
    ASSERT_NE(log().find("due to user request"), std::string::npos);
    EXPECT_EQ(log().find("SCRAM-SHA-256$"), std::string::npos);
}

TEST_F(Secrecy, ParametersOfFailedStatementsAreNotLogged) {
    set_for_admin("log_statement = 'ddl'");
    set_for_admin("log_parameter_max_length_on_error = -1");
    const auto canary = fresh_password().reveal();
    const auto session = Connection::open(admin_endpoint("postgres"), call_for());
    const auto failure = failure_of([&] {
        session->run({"SELECT 1 / length(replace($1, $1, ''))", {canary}}, call_for());
    });
    EXPECT_EQ(failure.code, "22012");
    ASSERT_NE(log().find("division by zero"), std::string::npos);
    EXPECT_EQ(log().find(canary), std::string::npos);
}

/// With log_statement = 'all' the server logs parameters, hence verifiers, unless the administrator
/// may forbid it: a superuser may, and from 15 on whoever was granted it. Passwords it never sees.
TEST_F(Secrecy, VerifiersAreHiddenFromAFullLogByWhoMay) {
    set_for_admin("log_statement = 'all'");
    const auto provision_anew = [&] {
        start_ = server_log().size();
        PostgresDatabase fresh;
        const auto names = fresh_tenant();
        fresh.of(access_, {names, setup_, claimant_of(names)})
            ->claim_and_create_roles(passwords_, {}, call_for());
        EXPECT_NE(log().find("set_config('djangodb.runtime'"), std::string::npos);
        EXPECT_EQ(log().find(passwords_.at(LoginId::a()).reveal()), std::string::npos);
        EXPECT_EQ(log().find(passwords_.at(LoginId::migrate()).reveal()), std::string::npos);
        return log().find("SCRAM-SHA-256$") == std::string::npos;
    };
    EXPECT_EQ(provision_anew(), admin_is_superuser());
    if (server_version() >= 150000) {
        const auto right = " SET ON PARAMETER log_parameter_max_length ";
        as_superuser("GRANT" + (right + ("TO " + access_.administrator.user)));
        EXPECT_TRUE(provision_anew());
        as_superuser("REVOKE" + (right + ("FROM " + access_.administrator.user)));
    }
}

}  // namespace
}  // namespace djdb::postgres
