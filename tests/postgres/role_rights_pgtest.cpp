// A tenant's roles have exactly the rights of a tenant, and what deviates is seen and corrected.
#include "tests/postgres/live_server.hpp"

#include <vector>

namespace djdb::postgres {
namespace {

class RoleRights : public LiveServer {
  protected:
    RoleRights() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {
        provision(names_, claimant_);
    }
    RolesState state() { return database_of(names_, claimant_)->inspect(call_for()).roles; }

    TenantNames names_;
    Claimant claimant_;
};

TEST_F(RoleRights, AreATenantsAndNoMore) {
    for (const auto& role : {names_.owner, names_.login_a, names_.login_b, names_.migrate}) {
        EXPECT_EQ(
            as_superuser(
                "SELECT concat_ws(' ', rolsuper, rolcreatedb, rolcreaterole, rolreplication,"
                " rolbypassrls, rolinherit) FROM pg_roles WHERE rolname = '" +
                role.str() + "'"
            ),
            "f f f f f t"
        ) << role.str();
        EXPECT_EQ(
            as_superuser(
                "SELECT string_agg(DISTINCT m.roleid::regrole::text, ',') FROM pg_auth_members m"
                " WHERE m.member = '" +
                role.str() + "'::regrole"
            ),
            role == names_.owner ? "" : names_.owner.str()
        ) << role.str();
        EXPECT_EQ(
            as_superuser(
                "SELECT string_agg(DISTINCT m.member::regrole::text, ',' ORDER BY"
                " m.member::regrole::text) FROM pg_auth_members m WHERE m.roleid = '" +
                role.str() + "'::regrole"
            ),
            role == names_.owner ? access_.administrator.user + "," + names_.login_a.str() + "," +
                                       names_.login_b.str() + "," + names_.migrate.str()
                                 : access_.administrator.user
        ) << role.str();
    }
    EXPECT_EQ(
        as_superuser(
            "SELECT string_agg(rolcanlogin::text, ' ' ORDER BY rolname) FROM pg_roles WHERE"
            " starts_with(rolname, '" +
            names_.database.str() + "')"
        ),
        "true false true false"
    ) << "a, b, migrate, owner";
}

TEST_F(RoleRights, ExcessIsSeenAndTakenAway) {
    const auto before = end_state(names_);
    const std::vector<std::pair<RoleName, std::string>> gifts{
        {names_.login_a, "CREATEDB"},
        {names_.migrate, "CREATEROLE"},
        {names_.login_b, "NOINHERIT"},
        {names_.owner, "LOGIN"}};
    for (const auto& [role, gift] : gifts) {
        as_superuser("ALTER ROLE " + role.str() + " " + gift);
        EXPECT_EQ(state(), RolesState::Incomplete) << gift;
        provision(names_, claimant_);
        EXPECT_EQ(state(), RolesState::Complete) << gift;
        EXPECT_EQ(end_state(names_), before) << gift;
    }
}

TEST_F(RoleRights, WhatOnlyASuperuserCanTakeIsReported) {
    const auto before = end_state(names_);
    for (const std::string gift : {"SUPERUSER", "REPLICATION", "BYPASSRLS"}) {
        as_superuser("ALTER ROLE " + names_.login_a.str() + " " + gift);
        const auto with_gift = end_state(names_);
        EXPECT_EQ(state(), RolesState::Incomplete) << gift;
        if (admin_is_superuser()) {
            provision(names_, claimant_);
        } else {
            const auto failure = failure_of([&] { provision(names_, claimant_); });
            EXPECT_EQ(failure.reason, Reason::AdminRightsMissing)
                << gift << ": " << failure.message;
            EXPECT_EQ(end_state(names_), with_gift) << gift;
            as_superuser("ALTER ROLE " + names_.login_a.str() + " NO" + gift);
        }
        EXPECT_EQ(state(), RolesState::Complete) << gift;
        EXPECT_EQ(end_state(names_), before) << gift;
    }
}

}  // namespace
}  // namespace djdb::postgres
