// Canaries: no password in the server's log or in an error; no verifier in the text of a statement.
#include "tests/postgres/live_server.hpp"

#include <fstream>
#include <iterator>

namespace djdb::postgres {
namespace {

class Secrecy : public LiveServer {
  protected:
    static std::string log() {
        std::ifstream file(require_variable("DJDB_PG_LOG"));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::string verifier_of(const RoleName& role) const {
        return as_superuser(
            "SELECT rolpassword FROM pg_authid WHERE rolname = '" + role.str() + "'"
        );
    }
};

TEST_F(Secrecy, PasswordsReachNeitherLogNorError) {
    // The operator's server logs definitions, not every statement: the strictest setting in common
    // use.
    as_superuser("ALTER ROLE " + access_.admin_user + " SET log_statement = 'ddl'");
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    PostgresDatabase fresh;
    const auto call = call_for();
    fresh.claim_and_create_roles(access_, names, claimant, passwords_, call);
    fresh.create_database(access_, names, call);
    fresh.configure_database(access_, names, claimant, std::chrono::seconds{5}, call);
    fresh.prove_runtime_login(access_, names, passwords_.runtime, call);
    const auto runtime = verifier_of(names.login_a);
    const auto migrate = verifier_of(names.migrate);

    auto other = claimant;
    other.key.space = Namespace("elsewhere");
    const auto refused =
        failure_of([&] { fresh.claim_and_create_roles(access_, names, other, passwords_, call); });
    const auto rejected =
        failure_of([&] { fresh.prove_runtime_login(access_, names, passwords_.migrate, call); });
    as_superuser("ALTER ROLE " + access_.admin_user + " RESET log_statement");

    const auto text = log();
    ASSERT_NE(text.find(names.login_a.str()), std::string::npos) << "this is not the server's log";
    ASSERT_TRUE(runtime.starts_with("SCRAM-SHA-256$4096:")) << runtime;
    for (const auto& secret :
         {passwords_.runtime.reveal(),
          passwords_.migrate.reveal(),
          runtime,
          migrate,
          access_.admin_password.reveal()}) {
        EXPECT_EQ(text.find(secret), std::string::npos);
        EXPECT_EQ(refused.message.find(secret), std::string::npos) << refused.message;
        EXPECT_EQ(rejected.message.find(secret), std::string::npos) << rejected.message;
    }
    EXPECT_EQ(refused.message.find("SCRAM"), std::string::npos) << refused.message;
    EXPECT_EQ(rejected.code, "LoginRejected");
}

}  // namespace
}  // namespace djdb::postgres
