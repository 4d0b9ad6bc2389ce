// A tenant owns its schema and its roles' settings: nothing that it plants there runs as
// administrator.
#include "tests/postgres/live_server.hpp"

#include <memory>
#include <vector>

namespace djdb::postgres {
namespace {

class HostileTenant : public LiveServer {
  protected:
    HostileTenant() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {
        provision(names_, claimant_);
        app_ = Connection::open(
            tenant_endpoint(names_, names_.login_a, passwords_.runtime), call_for()
        );
        // What every session of ours calls first, as the tenant would have it.
        app_->run_batch(
            {{"CREATE TABLE public.caught (who text)"},
             {"CREATE FUNCTION public.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql"
              " AS 'BEGIN INSERT INTO public.caught VALUES (session_user); RETURN $2; END'"},
             {"CREATE FUNCTION public.equals(text, text) RETURNS boolean LANGUAGE plpgsql"
              " AS 'BEGIN INSERT INTO public.caught VALUES (session_user); RETURN true; END'"},
             {"CREATE OPERATOR public.= (FUNCTION = public.equals, LEFTARG = text, RIGHTARG = "
              "text)"}},
            call_for()
        );
    }
    std::string caught() {
        return as_superuser(
            "SELECT coalesce(string_agg(DISTINCT who, ','), '') FROM public.caught",
            names_.database.str()
        );
    }
    void work_as_administrator() {
        provision(names_, claimant_);
        database_.prove_migration_login(access_, names_, passwords_.migrate, call_for());
        database_.read_migrations(access_, names_, passwords_.migrate, call_for());
        const auto session = Connection::open(admin_endpoint(names_.database.str()), call_for());
        CallContext renamed{{}, Deadline::in(std::chrono::seconds{30}), "another"};
        session->run({"SELECT 'a'::text = 'b'::text"}, renamed);
    }
    std::string code_of(const std::string& statement) {
        return failure_of([&] { app_->run({statement}, call_for()); }).code;
    }

    TenantNames names_;
    Claimant claimant_;
    std::unique_ptr<Connection> app_;
};

TEST_F(HostileTenant, PlantedFunctionsAndOperatorsDoNotRun) {
    work_as_administrator();
    EXPECT_EQ(caught(), "");
    // The trap does snap: this is what an administrator without pinned settings would do.
    as_superuser(
        "SET search_path = public, pg_catalog; SELECT set_config('djdb.x', 'y', false)",
        names_.database.str()
    );
    EXPECT_EQ(caught(), "postgres");
}

TEST_F(HostileTenant, SettingsOfDatabaseAndRolesDoNotReachTheAdministrator) {
    const auto name = names_.database.str();
    app_->run({"SET ROLE NONE"}, call_for());
    app_->run(
        {"ALTER ROLE " + names_.login_a.str() + " SET search_path = public, pg_catalog"}, call_for()
    );
    for (const auto* setting :
         {"search_path = public, pg_catalog",
          "default_transaction_read_only = on",
          "statement_timeout = '1ms'",
          "lock_timeout = '1ms'",
          "standard_conforming_strings = off"}) {
        as_superuser("ALTER DATABASE " + name + " SET " + setting);
    }
    database_.configure_database(access_, names_, setup_, claimant_, call_for());
    const auto session = Connection::open(admin_endpoint(name), call_for());
    EXPECT_EQ(session->run({"SHOW search_path"}, call_for()).at(0).at(0), "pg_catalog,pg_temp");
    EXPECT_EQ(session->run({"SHOW transaction_read_only"}, call_for()).at(0).at(0), "off");
    as_superuser("ALTER DATABASE " + name + " RESET ALL");
    EXPECT_EQ(caught(), "");
}

TEST_F(HostileTenant, LoginThatLeavesTheOwnerRoleIsPutBack) {
    const auto login = names_.login_a.str();
    app_->run({"SET ROLE NONE"}, call_for());
    app_->run(
        {"ALTER ROLE " + login + " IN DATABASE " + names_.database.str() + " SET role = 'none'"},
        call_for()
    );
    EXPECT_EQ(
        failure_of([&] {
            database_.prove_runtime_login(access_, names_, setup_, passwords_.runtime, call_for());
        }).code,
        "LoginRejected"
    );
    EXPECT_FALSE(database_.inspect_tenant(access_, names_, setup_, claimant_, call_for())
                     .database_is_configured);
    provision(names_, claimant_);
    database_.prove_runtime_login(access_, names_, setup_, passwords_.runtime, call_for());
    EXPECT_EQ(caught(), "");
}

TEST_F(HostileTenant, MayDoNothingOutsideItsSchema) {
    const auto name = names_.database.str();
    for (const std::string& statement : std::vector<std::string>{
             "ALTER DATABASE " + name + " OWNER TO " + names_.owner.str(),
             "ALTER DATABASE " + name + " CONNECTION LIMIT 1",
             "ALTER DATABASE " + name + " SET search_path = public",
             "COMMENT ON DATABASE " + name + " IS 'forged'",
             "COMMENT ON ROLE " + names_.owner.str() + " IS 'forged'",
             "CREATE ROLE stowaway",
             "CREATE DATABASE stowaway",
             "ALTER ROLE " + names_.login_b.str() + " LOGIN",
             "ALTER ROLE " + names_.login_a.str() + " CREATEROLE",
             "CREATE EVENT TRIGGER spy ON ddl_command_end EXECUTE FUNCTION public.spy()",
             "SET SESSION AUTHORIZATION postgres",
             "SET ROLE " + access_.admin_user,
             "SELECT * FROM pg_authid",
             "COPY public.caught TO PROGRAM 'true'",
             "LOAD 'auto_explain'"}) {
        const auto code = code_of(statement);
        EXPECT_TRUE(code == "42501" || code == "42883") << statement << ": " << code;
    }
    EXPECT_EQ(end_state(names_).find("forged"), std::string::npos);
}

TEST_F(HostileTenant, ForgedMarksDecideNothing) {
    auto forger = claimant_;
    forger.key.space = Namespace("elsewhere");
    forger.cluster_id = "cluster-2";
    const auto mark = "djangodb.io/v1 cluster=cluster-2 resource=elsewhere/" +
                      names_.database.str() + " database=" + names_.database.str();
    as_superuser("COMMENT ON DATABASE " + names_.database.str() + " IS '" + mark + "'");
    EXPECT_EQ(
        database_.inspect_tenant(access_, names_, setup_, forger, call_for()).claim,
        ClaimState::OfAnother
    );
    EXPECT_EQ(failure_of([&] { provision(names_, forger); }).code, "ClaimedByOther");
    const auto facts = database_.inspect_tenant(access_, names_, setup_, claimant_, call_for());
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_TRUE(facts.database_is_configured);
    // Even on the roles, where only an administrator can write, it leads to a refusal and no more.
    as_superuser("COMMENT ON ROLE " + names_.owner.str() + " IS '" + mark + "'");
    EXPECT_EQ(failure_of([&] { provision(names_, forger); }).code, "ClaimedByOther");
    EXPECT_EQ(failure_of([&] { provision(names_, claimant_); }).code, "ForeignRole");
}

TEST_F(HostileTenant, SeesNeitherLedgerNorNeighbour) {
    const auto neighbour = fresh_tenant();
    provision(neighbour, claimant_of(neighbour));
    for (const auto& login : {names_.login_a, names_.migrate}) {
        for (const auto& database : {neighbour.database.str(), access_.maintenance_database}) {
            auto endpoint = tenant_endpoint(
                names_, login, login == names_.login_a ? passwords_.runtime : passwords_.migrate
            );
            endpoint.database = database;
            EXPECT_EQ(failure_of([&] { Connection::open(endpoint, call_for()); }).code, "42501")
                << login.str() << " in " << database;
        }
    }
}

}  // namespace
}  // namespace djdb::postgres
