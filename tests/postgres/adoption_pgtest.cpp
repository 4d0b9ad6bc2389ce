// A database that exists is taken over whole or not at all.
#include "reconcilers/sql/adopt/adopt.hpp"
#include "tests/postgres/live_server.hpp"

#include <vector>

namespace djdb::postgres {
namespace {

/// A database as a DBA made it years ago, with one of everything that can have an owner.
class Adoption : public LiveServer {
  protected:
    Adoption()
        : names_(fresh_tenant()),
          claimant_(claimant_of(names_)),
          old_(name_ + "_legacy"),
          helper_(name_ + "_helper") {
        for (const auto& role : {old_, helper_}) {
            as_superuser("CREATE ROLE " + role + " LOGIN");
        }
        as_superuser("CREATE DATABASE " + name_ + " OWNER " + old_);
        as_superuser(
            "CREATE EXTENSION citext; GRANT CREATE ON SCHEMA public TO " + old_ + ", " + helper_,
            name_
        );
        fill(old_, "app");
        fill(helper_, "reports");
        lend(old_);
        lend(helper_);
    }
    ~Adoption() override {
        as_superuser("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
        as_superuser(
            "DROP OWNED BY " + old_ + ", " + helper_ + "; DROP ROLE " + old_ + ", " + helper_
        );
    }

    static void fill_as(
        const std::string& role, const std::string& database, const std::string& sql
    ) {
        as_superuser("SET SESSION AUTHORIZATION " + role + "; " + sql, database);
    }
    void fill(const std::string& role, const std::string& schema) {
        as_superuser("CREATE SCHEMA " + schema + " AUTHORIZATION " + role, name_);
        fill_as(
            role,
            name_,
            "SET search_path = " + schema +
                ", public;"
                "CREATE TABLE plain (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, t "
                "citext);"
                "INSERT INTO plain (t) VALUES ('kept');"
                "CREATE UNLOGGED TABLE fleeting (id int);"
                "CREATE TABLE parted (id int, at date) PARTITION BY RANGE (id);"
                "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);"
                "CREATE VIEW seen AS SELECT * FROM plain;"
                "CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;"
                "CREATE SEQUENCE free;"
                "CREATE TYPE mood AS ENUM ('good', 'bad');"
                "CREATE TYPE pair AS (a int, b int);"
                "CREATE TYPE span AS RANGE (subtype = int4);"
                "CREATE DOMAIN positive AS int CHECK (VALUE > 0);"
                "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';"
                "CREATE FUNCTION \"Odd \"\"name\"(\"text\" text, VARIADIC int[]) RETURNS int "
                "LANGUAGE sql AS 'SELECT 1';"
                "CREATE PROCEDURE work(int) LANGUAGE sql AS 'SELECT 1';"
                "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');"
                "CREATE AGGREGATE number(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');"
                "CREATE FUNCTION pushed(float8[], float8) RETURNS float8[] LANGUAGE sql AS 'SELECT "
                "$1';"
                "CREATE FUNCTION picked(float8[], float8) RETURNS float8 LANGUAGE sql AS 'SELECT "
                "$2';"
                "CREATE AGGREGATE middle(float8 ORDER BY float8) (SFUNC = pushed, STYPE = float8[],"
                " FINALFUNC = picked);"
                "CREATE FUNCTION same(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS "
                "'SELECT true';"
                "CREATE OPERATOR === (FUNCTION = same, LEFTARG = pair, RIGHTARG = pair);"
                "CREATE COLLATION plain_c (LOCALE = 'C');"
                "CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.english);"
                "CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = simple);"
                "CREATE CONVERSION turned FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
                "CREATE STATISTICS both_columns ON id, at FROM parted;"
                "CREATE TRIGGER watch BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION"
                " suppress_redundant_updates_trigger();"
                "CREATE TABLE public.\"Tab of " +
                schema + "\" (id int); SELECT lo_from_bytea(0, 'kept');"
        );
    }
    /// What a DBA has to do on 16 and later.
    void lend(const std::string& role) {
        as_superuser("GRANT " + role + " TO " + access_.administrator.user);
    }
    void take_over(const std::vector<RoleName>& owners) {
        database_of(names_, claimant_)->claim_existing(owners, call_for());
        database_of(names_, claimant_)->claim_and_create_roles(passwords_, {}, call_for());
        database_of(names_, claimant_)->adopt(call_for());
        database_of(names_, claimant_)->configure(call_for());
    }
    /// Everything in the database with its owner, but for extensions' members.
    std::string owners() {
        return as_superuser(
            "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (SELECT format('%s %s %s', i.type,"
            " i.identity, s.refobjid::regrole) AS line FROM pg_shdepend s, LATERAL"
            " pg_identify_object(s.classid, s.objid, s.objsubid) i WHERE s.deptype = 'o' AND s.dbid"
            " = (SELECT oid FROM pg_database WHERE datname = current_database())) x",
            name_
        );
    }
    std::string refused(const std::vector<RoleName>& owners) {
        const auto before = end_state(names_);
        const auto owned = this->owners();
        const auto failure =
            failure_of([&] { database_of(names_, claimant_)->claim_existing(owners, call_for()); });
        EXPECT_EQ(failure.reason, Reason::AdoptionRefused) << failure.message;
        EXPECT_EQ(end_state(names_), before);
        EXPECT_EQ(this->owners(), owned);
        return failure.message;
    }

    TenantNames names_;
    std::string name_ = names_.database.str();
    Claimant claimant_;
    std::string old_;
    std::string helper_;
};

TEST_F(Adoption, GivesEverythingToTheOwnerRole) {
    EXPECT_EQ(database_of(names_, claimant_)->inspect(call_for()).database, DatabaseState::Foreign);
    take_over({RoleName(helper_)});
    const auto left = owners();
    EXPECT_EQ(left.find(old_), std::string::npos) << left;
    EXPECT_EQ(left.find(helper_ + "\n"), std::string::npos) << left;
    EXPECT_EQ(
        as_superuser(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '" + name_ + "'"
        ),
        access_.administrator.user
    );
    const auto facts = database_of(names_, claimant_)->inspect(call_for());
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.database, DatabaseState::Open);
    EXPECT_TRUE(facts.database_is_configured);
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    database_of(names_)->prove_login(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    );
    const auto app = Connection::open(
        tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
    );
    EXPECT_EQ(app->run({"SELECT t FROM app.plain"}, call_for()).at(0).at(0), "kept");
    app->run_batch(
        {{"ALTER TABLE app.parted ADD more int"},
         {"DROP MATERIALIZED VIEW reports.kept"},
         {"INSERT INTO app.plain (t) VALUES ('more')"}},
        call_for()
    );
    // Nobody who owned it before is a member of anything of ours, or lent for good.
    EXPECT_EQ(
        as_superuser(
            "SELECT count(*) FROM pg_auth_members m WHERE m.roleid = '" + names_.owner.str() +
            "'::regrole AND m.member IN ('" + old_ + "'::regrole, '" + helper_ + "'::regrole)"
        ),
        "0"
    );
}

TEST_F(Adoption, LeavesTheFormerOwnersOtherDatabasesAlone) {
    const auto other = name_ + "_other";
    as_superuser("CREATE DATABASE " + other + " OWNER " + old_);
    fill_as(old_, other, "CREATE SCHEMA mine; CREATE TABLE mine.t (id int)");
    const auto owners_there = [&] {
        return as_superuser(
            "SELECT string_agg(refobjid::regrole::text, ',') FROM pg_shdepend WHERE deptype = 'o'"
            " AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
            " AND refobjid = '" +
                old_ + "'::regrole",
            other
        );
    };
    const auto before = owners_there();
    take_over({RoleName(helper_)});
    // The adopted database itself was one of them.
    EXPECT_EQ(owners_there() + "," + old_, before);
    as_superuser("DROP DATABASE " + other);
}

TEST_F(Adoption, RefusesObjectsOfOwnersThatAreNotNamed) {
    const auto message = refused({});
    EXPECT_NE(message.find("reports.plain of " + helper_), std::string::npos) << message;
    EXPECT_NE(message.find("more"), std::string::npos) << "ten are listed: " << message;
    EXPECT_NE(message.find("grants.adopt"), std::string::npos) << message;
    take_over({RoleName(helper_)});
}

TEST_F(Adoption, RefusesASuperusersObjects) {
    as_superuser("CREATE TABLE app.audit (id int)", name_);
    EXPECT_NE(refused({RoleName(helper_)}).find("table app.audit of postgres"), std::string::npos);
    as_superuser("ALTER TABLE app.audit OWNER TO " + old_, name_);
    take_over({RoleName(helper_)});
}

TEST_F(Adoption, LeavesExtensionsAndTheirMembers) {
    const auto members = [&] {
        return as_superuser(
            "SELECT string_agg(refobjid::text, ',' ORDER BY refobjid) FROM pg_depend WHERE deptype"
            " = 'e' AND refclassid = 'pg_extension'::regclass",
            name_
        );
    };
    const auto before = members();
    take_over({RoleName(helper_)});
    EXPECT_EQ(members(), before);
    EXPECT_EQ(
        as_superuser("SELECT typowner::regrole FROM pg_type WHERE typname = 'citext'", name_),
        "postgres"
    );
}

TEST_F(Adoption, NamesTheMembershipThatIsMissing) {
    as_superuser("REVOKE " + old_ + " FROM " + access_.administrator.user);
    if (server_version() < 160000 || admin_is_superuser()) {
        take_over({RoleName(helper_)});  // it helps itself, and gives the membership back
        EXPECT_EQ(
            as_superuser(
                "SELECT count(*) FROM pg_auth_members WHERE roleid = '" + old_ + "'::regrole"
            ),
            "0"
        );
        return;
    }
    const auto message = refused({RoleName(helper_)});
    const auto grant = "GRANT " + old_ + " TO " + access_.administrator.user;
    EXPECT_NE(message.find(grant), std::string::npos) << message;
    as_superuser(grant);
    take_over({RoleName(helper_)});
}

TEST_F(Adoption, RefusesADatabaseOfASuperuser) {
    as_superuser("ALTER DATABASE " + name_ + " OWNER TO postgres");
    if (admin_is_superuser()) {
        take_over({RoleName(old_), RoleName(helper_)});
        return;
    }
    const auto message = refused({RoleName(old_), RoleName(helper_)});
    const auto repair = "ALTER DATABASE " + name_ + " OWNER TO " + access_.administrator.user;
    EXPECT_NE(message.find(repair), std::string::npos) << message;
    as_superuser(repair);
    take_over({RoleName(old_), RoleName(helper_)});
}

TEST_F(Adoption, RefusesADatabaseThatIsAnothersUnderAnotherName) {
    const auto tenant = fresh_tenant();
    const auto holder = claimant_of(tenant);
    provision(tenant, holder);
    const auto legacy = fresh_tenant();
    const auto rename = [](const TenantNames& from, const TenantNames& to) {
        as_superuser("ALTER DATABASE " + from.database.str() + " RENAME TO " + to.database.str());
    };
    rename(tenant, legacy);
    const auto failure =
        failure_of([&] { database_of(legacy)->claim_existing({tenant.owner}, call_for()); });
    EXPECT_EQ(failure.reason, Reason::OwnershipConflict) << failure.message;
    EXPECT_NE(failure.message.find(tenant.database.str()), std::string::npos) << failure.message;
    EXPECT_EQ(end_state(legacy).find("claim"), std::string::npos);
    rename(legacy, tenant);
    database_of(tenant)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
}

TEST_F(Adoption, RefusesTheServersOwnDatabases) {
    for (const auto* database : {"postgres", "template1", "djangodb"}) {
        const auto names = tenant_names(DatabaseName(database));
        EXPECT_EQ(
            failure_of([&] { database_of(names)->claim_existing({}, call_for()); }).reason,
            Reason::AdoptionRefused
        ) << database;
    }
}

TEST_F(Adoption, RefusesEventTriggersOfNobodysSuperuser) {
    as_superuser(
        "CREATE FUNCTION app.spy() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "ALTER FUNCTION app.spy() OWNER TO " +
            old_ +
            ";"
            "CREATE EVENT TRIGGER spy ON ddl_command_end EXECUTE FUNCTION app.spy()",
        name_
    );
    EXPECT_NE(refused({RoleName(helper_)}).find("event trigger spy"), std::string::npos);
    as_superuser("DROP EVENT TRIGGER spy", name_);
    take_over({RoleName(helper_)});
}

TEST_F(Adoption, IsTheSameAfterACutAtEveryStatement) {
    // Owners are no part of end_state().
    const auto cut = [&](const sql::Batch& batch, const std::string& database) {
        const auto owned = owners();
        cut_everywhere(batch, database, names_);
        EXPECT_EQ(owners(), owned);
        Connection::open(admin_endpoint(database), call_for())->run_batch(batch, call_for());
    };
    const auto oid = as_superuser("SELECT oid FROM pg_database WHERE datname = '" + name_ + "'");
    const auto state = [&] { return database_of(names_, claimant_)->inspect(call_for()).database; };
    const std::vector<RoleName> named{RoleName(helper_)};
    database_of(names_, claimant_)->inspect(call_for());
    cut(sql::claim_existing(names_, setup_, claimant_, oid, named), access_.maintenance_database);
    EXPECT_EQ(state(), DatabaseState::Adopting);
    database_of(names_, claimant_)->claim_and_create_roles(passwords_, {}, call_for());
    EXPECT_EQ(state(), DatabaseState::Adopting);
    const auto noted = Connection::open(admin_endpoint(access_.maintenance_database), call_for())
                           ->run(sql::find_adoption(names_, claimant_), call_for());
    ASSERT_EQ(noted.at(0).at(0), oid);
    cut(sql::adopt(names_, oid, *noted.at(0).at(1)), name_);
    EXPECT_EQ(state(), DatabaseState::Adopting) << "given, and not yet noted";
    cut(sql::adopt(names_, oid, *noted.at(0).at(1)), name_);
    cut(sql::note_adopted(names_, claimant_), access_.maintenance_database);
    EXPECT_EQ(state(), DatabaseState::Open);
    database_of(names_, claimant_)->adopt(call_for());
    database_of(names_, claimant_)->configure(call_for());
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    EXPECT_EQ(owners().find(old_), std::string::npos) << owners();
}

TEST_F(Adoption, RunsNothingOfWhatIsPlanted) {
    fill_as(
        old_,
        name_,
        "CREATE TABLE app.caught (who text); GRANT INSERT ON app.caught TO PUBLIC; GRANT USAGE ON"
        " SCHEMA app TO PUBLIC;"
        "CREATE FUNCTION app.trap(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO"
        " app.caught VALUES (session_user); RETURN $1; END';"
        "CREATE FUNCTION app.trap(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN INSERT "
        "INTO"
        " app.caught VALUES (session_user); RETURN true; END';"
        "CREATE FUNCTION public.pg_identify_object(oid, oid, integer, OUT type text, OUT identity "
        "text)"
        " LANGUAGE plpgsql AS 'BEGIN INSERT INTO app.caught VALUES (session_user); END';"
        "CREATE FUNCTION public.format(text, text, text, text) RETURNS text LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO app.caught VALUES (session_user); RETURN $1; END';"
        "CREATE OPERATOR public.= (FUNCTION = app.trap, LEFTARG = text, RIGHTARG = text);"
        "CREATE OPERATOR public.|| (FUNCTION = app.trap, LEFTARG = text, RIGHTARG = text);"
        "CREATE DOMAIN app.checked AS text CHECK (app.trap(VALUE) = VALUE);"
        "CREATE TABLE app.with_default (t text DEFAULT app.trap('x'), c app.checked);"
        "CREATE INDEX ON app.with_default (t);"
        "CREATE RULE r AS ON UPDATE TO app.with_default DO ALSO SELECT app.trap('y');"
        "ALTER DATABASE " +
            name_ + " SET search_path = app, public, pg_catalog"
    );
    take_over({RoleName(helper_)});
    EXPECT_EQ(as_superuser("SELECT count(*) FROM app.caught", name_), "0");
    EXPECT_EQ(
        as_superuser("SET search_path = public, pg_catalog; SELECT 'a'::text = 'b'::text", name_),
        "t"
    ) << "the trap does snap";
    EXPECT_EQ(as_superuser("SELECT count(*) FROM app.caught", name_), "1");
}

}  // namespace
}  // namespace djdb::postgres
