// A tenant owns its schema and its roles' settings: nothing that it plants there runs as
// administrator.
#include "reconcilers/sql/ledger/claim.hpp"
#include "tests/postgres/live_server.hpp"

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace djdb::postgres {
namespace {

class HostileTenant : public LiveServer {
  protected:
    HostileTenant() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {
        provision(names_, claimant_);
        app_ = Connection::open(
            tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
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
    std::string caught() const {
        return as_superuser(
            "SELECT coalesce(string_agg(DISTINCT who, ','), '') FROM public.caught",
            names_.database.str()
        );
    }
    void work_as_administrator() {
        provision(names_, claimant_);
        database_of(names_)->prove_login(
            LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
        );
        database_of(names_)->read_migrations("", passwords_.at(LoginId::migrate()), call_for());
        const auto session = Connection::open(admin_endpoint(names_.database.str()), call_for());
        const CallContext renamed{{}, Deadline::in(std::chrono::seconds{30}), "another"};
        session->run({"SELECT 'a'::text = 'b'::text"}, renamed);
    }
    void plant(const std::vector<std::string>& statements) {
        for (const auto& statement : statements) {
            EXPECT_NO_THROW(app_->run({statement}, call_for())) << statement;
        }
    }
    [[nodiscard]] std::string name() const { return names_.database.str(); }
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
    database_of(names_, claimant_)->configure(call_for());
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
            database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
        }).reason,
        Reason::LoginRejected
    );
    EXPECT_FALSE(database_of(names_, claimant_)->inspect(call_for()).database_is_configured);
    provision(names_, claimant_);
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
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
             "SET ROLE " + access_.administrator.user,
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
    forger.key.ns = Namespace("elsewhere");
    forger.cluster_id = "cluster-2";
    const auto mark = "djangodb.io/v1 cluster=cluster-2 resource=elsewhere/" +
                      names_.database.str() + " database=" + names_.database.str();
    as_superuser("COMMENT ON DATABASE " + names_.database.str() + " IS '" + mark + "'");
    EXPECT_EQ(database_of(names_, forger)->inspect(call_for()).claim, ClaimState::OfAnother);
    EXPECT_EQ(failure_of([&] { provision(names_, forger); }).reason, Reason::OwnershipConflict);
    const auto facts = database_of(names_, claimant_)->inspect(call_for());
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_TRUE(facts.database_is_configured);
    // Even on the roles, where only an administrator can write, it leads to a refusal and no more.
    as_superuser("COMMENT ON ROLE " + names_.owner.str() + " IS '" + mark + "'");
    EXPECT_EQ(failure_of([&] { provision(names_, forger); }).reason, Reason::OwnershipConflict);
    EXPECT_EQ(failure_of([&] { provision(names_, claimant_); }).reason, Reason::RoleConflict);
}

TEST_F(HostileTenant, PlantedCastsDefaultsTriggersAndPoliciesDoNotRun) {
    const std::string trap =
        " LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.caught VALUES (session_user); RETURN ";
    plant({
        "CREATE TYPE public.bait AS (who text)",
        "CREATE FUNCTION public.bait(text) RETURNS public.bait" + trap + "ROW($1); END'",
        "CREATE FUNCTION public.bait(name) RETURNS public.bait" + trap + "ROW($1::text); END'",
        "CREATE FUNCTION public.unbait(public.bait) RETURNS text" + trap + "$1.who; END'",
        "CREATE CAST (text AS public.bait) WITH FUNCTION public.bait(text) AS IMPLICIT",
        "CREATE CAST (name AS public.bait) WITH FUNCTION public.bait(name) AS ASSIGNMENT",
        "CREATE CAST (public.bait AS text) WITH FUNCTION public.unbait(public.bait) AS IMPLICIT",
        "CREATE FUNCTION public.spring() RETURNS trigger" + trap + "NEW; END'",
        "CREATE FUNCTION public.told() RETURNS text" + trap + "''told''; END'",
        "CREATE FUNCTION public.made(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM public.told(); RETURN $1; END'",
        "CREATE FUNCTION public.seen() RETURNS boolean" + trap + "true; END'",
        "CREATE DOMAIN public.checked AS text DEFAULT public.told() CHECK (public.seen())",
        "CREATE TABLE public.django_migrations (id serial, app text DEFAULT public.told(), name"
        " text, made text GENERATED ALWAYS AS (public.made(name)) STORED, checked public.checked)",
        "CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON public.django_migrations FOR EACH ROW"
        " EXECUTE FUNCTION public.spring()",
        "CREATE TRIGGER spring_once BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON"
        " public.django_migrations EXECUTE FUNCTION public.spring()",
        "ALTER TABLE public.django_migrations ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY seen ON public.django_migrations USING (public.seen())",
        R"(CREATE TABLE public."'); SELECT public.told(); --" ("a""b" int))",
        "CREATE VIEW public.looked AS SELECT public.told()",
        "CREATE RULE seen AS ON DELETE TO public.caught DO ALSO SELECT public.told()",
    });
    // Everything that the operator does inside a tenant's database, rights on rows included.
    setup_.runtime = RuntimeAccess::ReadWrite;
    setup_.schemas = {"reports"};
    work_as_administrator();
    const auto facts = database_of(names_, claimant_)->inspect(call_for());
    EXPECT_TRUE(facts.drift.empty());
    EXPECT_TRUE(database_of(names_)->inspect_contents(facts, call_for()).empty());
    EXPECT_EQ(caught(), "");
    // The traps do snap.
    as_superuser("INSERT INTO public.django_migrations (name) VALUES ('x')", name());
    EXPECT_EQ(caught(), "postgres");
    as_superuser("DELETE FROM ONLY public.caught; TRUNCATE public.caught", name());
    database_of(names_, claimant_)->retire(call_for());
    EXPECT_EQ(caught(), "");
    const auto successor = claimant_of(names_, "uid-2");
    provision(names_, successor);
    EXPECT_EQ(caught(), "");
    database_of(names_, successor)->drop(call_for());
    EXPECT_EQ(end_state(names_), "");
}

TEST_F(HostileTenant, FormerOwnerPlantsNothingForTheOneWhoAdopts) {
    const auto legacy = fresh_tenant();
    const auto database = legacy.database.str();
    const auto old = database + "_legacy";
    as_superuser("CREATE ROLE " + old + " LOGIN");
    as_superuser("GRANT " + old + " TO " + access_.administrator.user);
    as_superuser("CREATE DATABASE " + database + " OWNER " + old);
    as_superuser("GRANT CREATE ON SCHEMA public TO " + old, database);
    const std::string trap =
        " LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.caught VALUES (session_user); RETURN ";
    as_superuser(
        "SET SESSION AUTHORIZATION " + old +
            "; CREATE TABLE public.caught (who text); CREATE FUNCTION public.format(text, VARIADIC"
            " text[]) RETURNS text" +
            trap +
            "$1; END'; CREATE FUNCTION public.equals(name, text)"
            " RETURNS boolean" +
            trap +
            "true; END'; CREATE OPERATOR public.= (FUNCTION ="
            " public.equals, LEFTARG = name, RIGHTARG = text); ALTER DATABASE " +
            database + " SET search_path = public, pg_catalog; ALTER DATABASE " + database +
            " SET role = '" + old + "'; ALTER DATABASE " + database +
            " SET client_min_messages = 'error'",
        database
    );
    const auto claimant = claimant_of(legacy);
    database_of(legacy, claimant)->claim_existing({RoleName(old)}, call_for());
    database_of(legacy, claimant)->claim_and_create_roles(passwords_, {}, call_for());
    database_of(legacy, claimant)->adopt(call_for());
    database_of(legacy, claimant)->configure(call_for());
    as_superuser("ALTER DATABASE " + database + " RESET ALL");
    EXPECT_EQ(as_superuser("SELECT count(*) FROM public.caught", database), "0");
    database_of(legacy, claimant)->drop(call_for());
    as_superuser("DROP ROLE " + old);
}

TEST_F(HostileTenant, OwnerOfTheDatabaseSetsNothingForTheAdministrator) {
    setup_.ownership = Ownership::Database;
    provision(names_, claimant_);
    plant({
        "ALTER DATABASE " + name() + " SET role = '" + names_.owner.str() + "'",
        "ALTER DATABASE " + name() + " SET search_path = public, pg_catalog",
        "ALTER DATABASE " + name() + " SET client_min_messages = 'error'",
        "ALTER ROLE " + names_.owner.str() + " SET search_path = public, pg_catalog",
    });
    EXPECT_EQ(
        code_of("ALTER DATABASE " + name() + " SET session_preload_libraries = 'x'"), "42501"
    );
    const auto session = Connection::open(admin_endpoint(name()), call_for());
    for (const auto& [question, answer] : std::vector<std::pair<std::string, std::string>>{
             {"SELECT current_user", access_.administrator.user},
             {"SHOW search_path", "pg_catalog,pg_temp"},
             {"SHOW client_min_messages", "notice"}}) {
        EXPECT_EQ(session->run({question}, call_for()).at(0).at(0), answer) << question;
    }
    work_as_administrator();
    EXPECT_EQ(caught(), "");
}

TEST_F(HostileTenant, OwnerOfTheDatabaseKeepsNoAdministratorOut) {
    setup_.ownership = Ownership::Database;
    provision(names_, claimant_);
    // No session begins that does not say otherwise.
    plant({"ALTER DATABASE " + name() + " SET local_preload_libraries = 'no_such_library'"});
    setup_.schemas = {"reports"};
    database_of(names_, claimant_)->configure(call_for());
    database_of(names_, claimant_)->drop(call_for());
    EXPECT_EQ(end_state(names_), "");
}

TEST_F(HostileTenant, SettingsOfItsOwnLoginStayItsOwn) {
    const auto login = "ALTER ROLE " + names_.login_a.str();
    app_->run({"SET ROLE NONE"}, call_for());
    for (const std::string setting : {"role = 'none'", "search_path = public, pg_catalog"}) {
        for (const auto& where :
             {std::string(), name(), access_.maintenance_database, std::string("postgres")}) {
            const auto in = where.empty() ? "" : " IN DATABASE " + where;
            plant({login + in + " SET " + setting});
        }
    }
    for (const auto& statement : std::vector<std::string>{
             login + " SET session_preload_libraries = 'auto_explain'",
             login + " SET session_replication_role = 'replica'",
             "ALTER ROLE ALL SET search_path = public",
             "ALTER ROLE " + access_.administrator.user + " SET search_path = public"}) {
        EXPECT_EQ(code_of(statement), "42501") << statement;
    }
    const auto session = Connection::open(admin_endpoint(access_.maintenance_database), call_for());
    EXPECT_EQ(session->run({"SHOW search_path"}, call_for()).at(0).at(0), "pg_catalog,pg_temp");
    EXPECT_FALSE(database_of(names_, claimant_)->inspect(call_for()).database_is_configured)
        << "what it set for itself in its database is seen";
    work_as_administrator();
    EXPECT_TRUE(database_of(names_, claimant_)->inspect(call_for()).database_is_configured);
    EXPECT_EQ(caught(), "");
    database_of(names_, claimant_)->drop(call_for());
    EXPECT_EQ(end_state(names_), "");
}

TEST_F(HostileTenant, TouchesNoNeighbour) {
    const auto neighbour = fresh_tenant();
    provision(neighbour, claimant_of(neighbour));
    const auto before = end_state(neighbour);
    const auto database = neighbour.database.str();
    const auto owner = neighbour.owner.str();
    for (const auto& statement : std::vector<std::string>{
             "SET ROLE " + owner,
             "GRANT " + owner + " TO " + names_.owner.str(),
             "COMMENT ON ROLE " + owner + " IS 'forged'",
             "COMMENT ON ROLE " + neighbour.login_a.str() + " IS 'forged'",
             "ALTER ROLE " + neighbour.login_a.str() + " NOLOGIN",
             "ALTER ROLE " + neighbour.login_a.str() + " PASSWORD 'known'",
             "ALTER ROLE " + neighbour.login_a.str() + " SET role = 'none'",
             "DROP ROLE " + neighbour.login_a.str(),
             "DROP OWNED BY " + owner,
             "REASSIGN OWNED BY " + owner + " TO " + names_.owner.str(),
             "ALTER DATABASE " + database + " SET search_path = public",
             "DROP DATABASE " + database,
             "GRANT CONNECT ON DATABASE " + database + " TO " + names_.owner.str()}) {
        EXPECT_EQ(code_of(statement), "42501") << statement;
    }
    for (const auto& statement :
         {"SELECT * FROM djangodb.claim", "UPDATE djangodb.claim SET database = 'mine'"}) {
        EXPECT_EQ(code_of(statement), "42P01") << "there is none in its database: " << statement;
    }
    EXPECT_EQ(end_state(neighbour), before);
}

TEST_F(HostileTenant, CommentOfADatabaseOwnerChangesNoVerdict) {
    setup_.ownership = Ownership::Database;
    provision(names_, claimant_);
    auto other = claimant_;
    other.cluster_id = "cluster-2";
    const auto look = [&](const Claimant& who) {
        const auto facts = database_of(names_, who)->inspect(call_for());
        return std::tuple(
            facts.claim,
            facts.roles,
            facts.database,
            facts.database_oid,
            facts.database_is_configured,
            facts.drift
        );
    };
    const auto mine = look(claimant_);
    const auto others = look(other);
    EXPECT_TRUE(std::get<4>(mine));
    EXPECT_EQ(std::get<0>(others), ClaimState::OfAnother);
    for (const auto& claimant : {claimant_, other}) {
        plant(
            {"COMMENT ON DATABASE " + name() + " IS '" + sql::role_comment(names_, claimant) + "'"}
        );
        EXPECT_EQ(look(claimant_), mine);
        EXPECT_EQ(look(other), others);
    }
}

TEST_F(HostileTenant, SeesNeitherLedgerNorNeighbour) {
    const auto neighbour = fresh_tenant();
    provision(neighbour, claimant_of(neighbour));
    for (const auto& login : {names_.login_a, names_.migrate}) {
        for (const auto& database : {neighbour.database.str(), access_.maintenance_database}) {
            auto endpoint = tenant_endpoint(
                names_,
                login,
                login == names_.login_a ? passwords_.at(LoginId::a())
                                        : passwords_.at(LoginId::migrate())
            );
            endpoint.database = database;
            EXPECT_EQ(failure_of([&] { Connection::open(endpoint, call_for()); }).code, "42501")
                << login.str() << " in " << database;
        }
    }
}

}  // namespace
}  // namespace djdb::postgres
