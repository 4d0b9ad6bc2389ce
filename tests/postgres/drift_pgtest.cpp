// Each way in which somebody changes a tenant by hand is told in words, and made good or left.
#include "tests/postgres/live_server.hpp"

#include <algorithm>

namespace djdb::postgres {
namespace {

enum class Where { Server, TenantDatabase };

struct Change {
    /// {db}, {outsider} and {admin} are put in.
    std::string sql;
    std::string told;
    Repair repair;
    Where where = Where::Server;
    /// From 16 on a plain administrator can't take what another one granted.
    bool needs_grantor = false;
};

class Drifted : public LiveServer {
  protected:
    Drifted() : outsider_("outsider_" + fresh_tenant().database.str()) {
        names_ = tenant_names(names_.database, {{"reports", ""}});
        passwords_.emplace(LoginId::reader("reports"), fresh_password());
        setup_.runtime = RuntimeAccess::ReadWrite;
        setup_.schemas = {"reports"};
        setup_.extensions = {"citext"};
        as_superuser("CREATE ROLE " + outsider_);
        provision(names_, claimant());
        Connection::open(
            tenant_endpoint(names_, names_.migrate, passwords_.at(LoginId::migrate())), call_for()
        )
            ->run({"CREATE TABLE reports.daily (id serial)"}, call_for());
    }
    ~Drifted() override {
        as_superuser("DROP OWNED BY " + outsider_, names_.database.str());
        as_superuser("DROP ROLE " + outsider_);
    }
    Claimant claimant() { return claimant_of(names_); }
    std::string with_names(std::string text) const {
        for (const auto& [word, name] :
             {std::pair<std::string, std::string>{"{db}", names_.database.str()},
              {"{outsider}", outsider_},
              {"{admin}", access_.administrator.user}}) {
            for (auto at = text.find(word); at != std::string::npos; at = text.find(word)) {
                text.replace(at, word.size(), name);
            }
        }
        return text;
    }
    TenantFacts look() { return database_of(names_, claimant())->inspect(call_for()); }
    std::vector<Drift> drift() {
        const auto facts = look();
        auto all = facts.drift;
        std::ranges::copy(
            database_of(names_)->inspect_contents(facts, call_for()), std::back_inserter(all)
        );
        return all;
    }
    static std::string told(const std::vector<Drift>& drift) {
        std::string text;
        for (const auto& one : drift) {
            text += one.sentence() + "\n";
        }
        return text;
    }
    std::string fingerprint() {
        return database_.fingerprint_tenants(access_, {names_.database}, call_for())
            .at(names_.database);
    }

    /// Changed by hand, told, then provisioned again: gone, or still there if it is to be left.
    void check(const Change& change) {
        SCOPED_TRACE(with_names(change.sql));
        const auto before = end_state(names_);
        ASSERT_EQ(told(drift()), "");
        const auto print = fingerprint();
        ASSERT_EQ(print, look().fingerprint);
        as_superuser(
            with_names(change.sql),
            change.where == Where::Server ? "postgres" : names_.database.str()
        );
        const auto found = drift();
        const auto expected = with_names(change.told);
        const auto one = std::ranges::find_if(found, [&](const Drift& drift) {
            return drift.sentence().find(expected) != std::string::npos;
        });
        ASSERT_NE(one, found.end()) << "not told: " << expected << "\n" << told(found);
        EXPECT_EQ(one->repair(), change.repair);
        if (change.where == Where::Server) {
            EXPECT_NE(fingerprint(), print) << "a resync would not see it";
        }
        EXPECT_EQ(fingerprint(), look().fingerprint);
        if (change.needs_grantor && server_version() >= 160000 && !admin_is_superuser()) {
            EXPECT_EQ(
                failure_of([&] { provision(names_, claimant()); }).reason,
                Reason::AdminRightsMissing
            );
            return;
        }
        provision(names_, claimant());
        if (change.repair == Repair::Nobody) {
            EXPECT_NE(told(drift()).find(expected), std::string::npos) << "it was to be left";
        } else {
            EXPECT_EQ(told(drift()), "");
            EXPECT_EQ(end_state(names_), before);
        }
    }

    TenantNames names_ = fresh_tenant();
    std::string outsider_;
};

TEST_F(Drifted, AttributesAreRepaired) {
    for (const auto& change : std::vector<Change>{
             {"ALTER ROLE {db}_a CREATEDB", "{db}_a has CREATEDB", Repair::Roles},
             {"ALTER ROLE {db}_migrate CREATEROLE", "{db}_migrate has CREATEROLE", Repair::Roles},
             {"ALTER ROLE {db}_rw NOINHERIT", "{db}_rw has NOINHERIT", Repair::Roles},
             {"ALTER ROLE {db}_a NOLOGIN", "{db}_a can't log in", Repair::Roles},
             {"ALTER ROLE {db}_b LOGIN", "{db}_b may log in", Repair::Roles},
             {"ALTER ROLE {db}_owner LOGIN", "{db}_owner may log in", Repair::Roles},
             {"ALTER ROLE {db}_ro_reports CONNECTION LIMIT 3", "connection limit 3", Repair::Roles},
             {"ALTER ROLE {db}_a VALID UNTIL '2020-01-01'",
              "valid until 2020-01-01",
              Repair::Roles},
             {"DROP ROLE {db}_b", "{db}_b is missing", Repair::Roles}}) {
        check(change);
    }
}

TEST_F(Drifted, MembershipsAreRepaired) {
    // By the administrator's hand, who is the grantor of all; of a superuser's grants it is the first
    // superuser, as which this runs.
    const bool has_grantors = server_version() >= 160000;
    const std::string as = has_grantors ? "" : "SET ROLE {admin}; ";
    const std::string by = has_grantors && !admin_is_superuser() ? " GRANTED BY {admin}" : "";
    for (const auto& change : std::vector<Change>{
             {as + "REVOKE {db}_rw FROM {db}_a" + by,
              "{db}_a is no full member of {db}_rw",
              Repair::Roles},
             {as + "REVOKE {db}_owner FROM {admin}" + by,
              "The administrator is no full member of {db}_owner",
              Repair::Roles},
             {as + "GRANT {db}_owner TO {outsider}" + by,
              "{outsider} is a member of {db}_owner",
              Repair::Roles},
             {as + "GRANT {db}_owner TO {db}_a" + by,
              "{db}_a is a member of {db}_owner",
              Repair::Roles},
             {as + "GRANT {db}_ro TO {db}_ro_reports WITH ADMIN OPTION" + by,
              "{db}_ro_reports may grant membership in {db}_ro",
              Repair::Roles}}) {
        check(change);
    }
}

TEST_F(Drifted, MembershipThatLeadsOutIsRepairedByWhoMay) {
    check(
        {"GRANT pg_monitor TO {db}_a",
         "{db}_a is a member of pg_monitor",
         Repair::Roles,
         Where::Server,
         true}
    );
    as_superuser(with_names("REVOKE pg_monitor FROM {db}_a"));
    check(
        {"GRANT {db}_ro TO {outsider}",
         "{outsider} is a member of {db}_ro",
         Repair::Roles,
         Where::Server,
         true}
    );
}

TEST_F(Drifted, DatabaseIsRepaired) {
    for (const auto& change : std::vector<Change>{
             {"GRANT CONNECT ON DATABASE {db} TO PUBLIC", "PUBLIC has CONNECT", Repair::Database},
             {"GRANT TEMPORARY ON DATABASE {db} TO PUBLIC",
              "PUBLIC has TEMPORARY",
              Repair::Database},
             {"REVOKE CREATE ON DATABASE {db} FROM {db}_owner",
              "{db}_owner lacks CREATE",
              Repair::Database},
             {"REVOKE CONNECT ON DATABASE {db} FROM {db}_ro",
              "{db}_ro lacks CONNECT",
              Repair::Database},
             {"ALTER DATABASE {db} CONNECTION LIMIT 3", "connection limit 3", Repair::Database},
             {"ALTER DATABASE {db} OWNER TO {db}_owner",
              "belongs to {db}_owner",
              Repair::Database}}) {
        check(change);
    }
}

TEST_F(Drifted, SettingsAreRepaired) {
    for (const auto& change : std::vector<Change>{
             {"ALTER ROLE {db}_a IN DATABASE {db} SET role = 'none'",
              "Setting role of role {db}_a is \"none\"",
              Repair::Database},
             {"ALTER ROLE {db}_b IN DATABASE {db} RESET ALL",
              "Setting client_encoding of role {db}_b is missing",
              Repair::Database},
             {"ALTER ROLE {db}_migrate IN DATABASE {db} SET lock_timeout = '1h'",
              "Setting lock_timeout of role {db}_migrate is \"1h\"",
              Repair::Database},
             {"ALTER ROLE {db}_migrate IN DATABASE {db} SET tcp_user_timeout = 0",
              "Setting tcp_user_timeout of role {db}_migrate is \"0\"",
              Repair::Database},
             {"ALTER ROLE {db}_ro_reports IN DATABASE {db} SET default_transaction_read_only = off",
              "default_transaction_read_only of role {db}_ro_reports is \"off\"",
              Repair::Database},
             {"ALTER ROLE {db}_a IN DATABASE {db} SET timezone = 'Asia/Tokyo'",
              "Setting timezone of role {db}_a is \"Asia/Tokyo\"",
              Repair::Database}}) {
        check(change);
    }
}

TEST_F(Drifted, ContentsAreRepaired) {
    for (const auto& change : std::vector<Change>{
             {"REVOKE USAGE ON SCHEMA reports FROM {db}_rw",
              "{db}_rw lacks USAGE on schema reports",
              Repair::Database,
              Where::TenantDatabase},
             {"REVOKE SELECT ON reports.daily FROM {db}_ro",
              "{db}_ro lacks rights on reports.daily",
              Repair::Database,
              Where::TenantDatabase},
             {"REVOKE USAGE ON SEQUENCE reports.daily_id_seq FROM {db}_rw",
              "{db}_rw lacks rights on reports.daily_id_seq",
              Repair::Database,
              Where::TenantDatabase},
             {"ALTER DEFAULT PRIVILEGES FOR ROLE {db}_owner IN SCHEMA reports REVOKE INSERT ON "
              "TABLES"
              " FROM {db}_rw",
              "{db}_rw would lack rights on new tables of schema reports",
              Repair::Database,
              Where::TenantDatabase},
             {"DROP EXTENSION citext",
              "Extension citext is not installed",
              Repair::Database,
              Where::TenantDatabase},
             {"DROP SCHEMA reports CASCADE",
              "Schema reports is missing",
              Repair::Database,
              Where::TenantDatabase}}) {
        check(change);
    }
}

TEST_F(Drifted, WhatOthersAddedIsToldAndLeft) {
    const std::vector<std::pair<Change, std::string>> changes{
        {{"ALTER DATABASE {db} SET search_path = 'reports'",
          "Database {db} has the setting search_path",
          Repair::Nobody},
         "ALTER DATABASE {db} RESET search_path"},
        {{"ALTER ROLE {db}_a SET statement_timeout = '1min'",
          "{db}_a has the setting statement_timeout in every database",
          Repair::Nobody},
         "ALTER ROLE {db}_a RESET statement_timeout"},
        {{"ALTER ROLE {db}_a IN DATABASE {db} SET work_mem = '8MB'",
          "{db}_a has the setting work_mem",
          Repair::Nobody},
         "ALTER ROLE {db}_a IN DATABASE {db} RESET work_mem"},
        {{"GRANT CONNECT ON DATABASE {db} TO {outsider}", "{outsider} has CONNECT", Repair::Nobody},
         "REVOKE CONNECT ON DATABASE {db} FROM {outsider}"},
        {{"GRANT CREATE ON SCHEMA reports TO {outsider}",
          "{outsider} has CREATE on schema reports",
          Repair::Nobody,
          Where::TenantDatabase},
         "REVOKE CREATE ON SCHEMA reports FROM {outsider}"},
        {{"ALTER ROLE {outsider} CREATEROLE; GRANT {db}_owner TO {outsider}",
          "{outsider} is a member of {db}_owner. It was left",
          Repair::Nobody},
         "REVOKE {db}_owner FROM {outsider}; ALTER ROLE {outsider} NOCREATEROLE"}};
    for (const auto& [change, undo] : changes) {
        check(change);
        as_superuser(
            with_names(undo), change.where == Where::Server ? "postgres" : names_.database.str()
        );
    }
    as_superuser(
        with_names("CREATE TABLE public.stray (); ALTER TABLE public.stray OWNER TO {db}_a"),
        names_.database.str()
    );
    EXPECT_NE(
        told(drift()).find(with_names("belong to {db}_a instead of {db}_owner")), std::string::npos
    );
}

TEST_F(Drifted, PasswordIsSeenByALoginAndSetAgain) {
    const auto accepts = [&](const LoginId& login) {
        return database_of(names_)->accepts_password(login, passwords_.at(login), call_for());
    };
    EXPECT_TRUE(accepts(LoginId::a()));
    EXPECT_TRUE(accepts(LoginId::reader("reports")));
    as_superuser(with_names("ALTER ROLE {db}_a PASSWORD 'another'"));
    EXPECT_FALSE(accepts(LoginId::a()));
    EXPECT_EQ(look().roles, RolesState::Complete) << "no catalog that we may read shows it";
    provision(names_, claimant());
    EXPECT_TRUE(accepts(LoginId::a()));
}

TEST_F(Drifted, SweepKnowsTheTenantsOfTheLedgerOnly) {
    const auto found = database_.fingerprint_tenants(
        access_, {names_.database, DatabaseName("no_such_tenant")}, call_for()
    );
    EXPECT_EQ(found.size(), 1U);
    EXPECT_TRUE(database_.fingerprint_tenants(access_, {}, call_for()).empty());
}

}  // namespace
}  // namespace djdb::postgres
