// What is somebody else's stays as it is.
#include "tests/postgres/live_server.hpp"

namespace djdb::postgres {
namespace {

class WriteBackoff : public LiveServer {
  protected:
    [[nodiscard]] static std::string roles_of(const TenantNames& names) {
        return as_superuser(
            "SELECT string_agg(rolname || rolcanlogin || coalesce(rolpassword, '-'), ',' ORDER BY "
            "rolname)"
            " FROM pg_authid WHERE rolname LIKE '" +
            names.database.str() + "%'"
        );
    }
};

TEST_F(WriteBackoff, SecondClaimantOfOneDatabase) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    const auto before = roles_of(names);
    auto other = claimant_of(names, "uid-9");
    other.key.ns = Namespace("elsewhere");
    const auto facts = database_of(names, other)->inspect(call_for());
    EXPECT_EQ(facts.claim, ClaimState::OfAnother);
    EXPECT_NE(facts.claim_holder.find("shop/" + names.database.str()), std::string::npos)
        << facts.claim_holder;
    const auto failure = failure_of([&] {
        database_of(names, other)->claim_and_create_roles(fresh_passwords(), {}, call_for());
    });
    EXPECT_EQ(failure.reason, Reason::OwnershipConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(roles_of(names), before);
    EXPECT_EQ(
        failure_of([&] { database_of(names, other)->configure(call_for()); }).reason,
        Reason::ClaimLost
    );
    database_of(names, other)->retire(call_for());
    EXPECT_EQ(roles_of(names), before);
}

TEST_F(WriteBackoff, ForeignDatabase) {
    const auto names = fresh_tenant();
    as_superuser("CREATE DATABASE " + names.database.str());
    EXPECT_EQ(database_of(names)->inspect(call_for()).database, DatabaseState::Foreign);
    const auto failure =
        failure_of([&] { database_of(names)->claim_and_create_roles(passwords_, {}, call_for()); });
    EXPECT_EQ(failure.reason, Reason::AdoptionNotGranted);
    EXPECT_EQ(roles_of(names), "");
    EXPECT_EQ(database_of(names)->inspect(call_for()).claim, ClaimState::Unclaimed);
    as_superuser("DROP DATABASE " + names.database.str());
}

TEST_F(WriteBackoff, DatabaseThatAppearsAfterTheClaim) {
    // Nobody holds a lock between claim and CREATE DATABASE: whoever may create one can take the
    // name.
    for (const std::string options : {"", " ALLOW_CONNECTIONS false"}) {
        const auto names = fresh_tenant();
        const auto claimant = claimant_of(names);
        database_of(names, claimant)->claim_and_create_roles(passwords_, {}, call_for());
        as_superuser("CREATE DATABASE " + names.database.str() + options);
        const auto before = end_state(names);
        EXPECT_EQ(
            database_of(names, claimant)->inspect(call_for()).database, DatabaseState::Foreign
        );
        database_of(names)->create(call_for());
        const auto failure =
            failure_of([&] { database_of(names, claimant)->configure(call_for()); });
        EXPECT_EQ(failure.reason, Reason::AdoptionNotGranted) << failure.message;
        EXPECT_EQ(failure.kind, FailureClass::Conflict);
        EXPECT_EQ(end_state(names), before);
        // The owner of the foreign one drops it: all goes on.
        as_superuser("DROP DATABASE " + names.database.str());
        provision(names, claimant);
        database_of(names)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    }
}

TEST_F(WriteBackoff, ForeignRole) {
    const auto names = fresh_tenant();
    as_superuser("CREATE ROLE " + names.migrate.str() + " LOGIN PASSWORD 'theirs'");
    const auto before = roles_of(names);
    EXPECT_EQ(database_of(names)->inspect(call_for()).roles, RolesState::Foreign);
    const auto failure =
        failure_of([&] { database_of(names)->claim_and_create_roles(passwords_, {}, call_for()); });
    EXPECT_EQ(failure.reason, Reason::RoleConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_NE(failure.message.find(names.migrate.str()), std::string::npos) << failure.message;
    EXPECT_EQ(roles_of(names), before);
    EXPECT_EQ(database_of(names)->inspect(call_for()).claim, ClaimState::Unclaimed);
}

TEST_F(WriteBackoff, AdministratorWithoutCreateRole) {
    const auto password = fresh_password();
    // Of a run before this one on the same server.
    as_superuser("DROP DATABASE IF EXISTS weak_maintenance WITH (FORCE)");
    as_superuser("DROP ROLE IF EXISTS weak_admin");
    as_superuser("CREATE ROLE weak_admin LOGIN CREATEDB PASSWORD '" + password.reveal() + "'");
    auto weak = access_;
    weak.administrator.user = "weak_admin";
    weak.administrator.password = password;
    weak.maintenance_database = "weak_maintenance";
    const auto facts = database_.inspect_server(weak, call_for());
    EXPECT_FALSE(facts.administrator.can_create_role);
    const auto names = fresh_tenant();
    const auto failure = failure_of([&] {
        database_.of(weak, {names, setup_, claimant_of(names)})
            ->claim_and_create_roles(passwords_, {}, call_for());
    });
    EXPECT_EQ(failure.reason, Reason::AdminRightsMissing);
    EXPECT_EQ(failure.kind, FailureClass::Forbidden);
    EXPECT_EQ(roles_of(names), "");
}

}  // namespace
}  // namespace djdb::postgres
