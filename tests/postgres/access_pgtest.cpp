// Who may do what: the modes of spec.access on a real server, and there and back again on a living
// database.
#include "controller/postgres/admin_sessions.hpp"
#include "tests/postgres/live_server.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

class Access : public LiveServer {
  protected:
    Access() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {}

    void provision_anew() { provision(names_, claimant_); }
    std::unique_ptr<Connection> open_as(const RoleName& login, const Sensitive& password) {
        return Connection::open(tenant_endpoint(names_, login, password), call_for());
    }
    std::unique_ptr<Connection> open_app() {
        return open_as(names_.login_a, passwords_.at(LoginId::a()));
    }
    std::unique_ptr<Connection> open_migration() {
        return open_as(names_.migrate, passwords_.at(LoginId::migrate()));
    }
    static void expect_refused(Connection& session, const std::string& statement) {
        EXPECT_EQ(failure_of([&] { session.run({statement}, call_for()); }).code, "42501")
            << statement;
    }
    static std::string ask(Connection& session, const std::string& statement) {
        return cell(session.run({statement}, call_for()), 0);
    }
    std::string here(const std::string& sql) const {
        return as_superuser(sql, names_.database.str());
    }
    std::string owner_of_database() const {
        return as_superuser(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '" +
            names_.database.str() + "'"
        );
    }
    TenantFacts look() { return database_of(names_, claimant_)->inspect(call_for()); }
    std::string drift() {
        const auto facts = look();
        std::string text;
        for (const auto& one : facts.drift) {
            text += one.sentence() + "\n";
        }
        for (const auto& one : database_of(names_)->inspect_contents(facts, call_for())) {
            text += one.sentence() + "\n";
        }
        return text;
    }

    TenantNames names_;
    Claimant claimant_;
};

/// On 13 and 14 a plain administrator can't take CREATE on public from PUBLIC.
bool shares_public(int version, bool admin_is_superuser) {
    return version < 150000 && !admin_is_superuser;
}

TEST_F(Access, DefaultIsInSync) {
    provision_anew();
    EXPECT_EQ(drift(), "");
    EXPECT_TRUE(look().database_is_configured);
    EXPECT_TRUE(look().was_configured);
}

TEST_F(Access, ReadWriteWritesRowsAndNothingElse) {
    setup_.runtime = RuntimeAccess::ReadWrite;
    provision_anew();
    EXPECT_EQ(drift(), "");
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    database_of(names_)->prove_login(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    );
    const auto migration = open_migration();
    migration->run_batch(
        {{"CREATE TABLE orders (id serial PRIMARY KEY, n int)"},
         {"CREATE TABLE django_migrations (id serial, app text, name text)"},
         {"INSERT INTO django_migrations (app, name) VALUES ('shop', '0001')"}},
        call_for()
    );
    const auto app = open_app();
    EXPECT_EQ(ask(*app, "SELECT current_user"), names_.read_write.str());
    EXPECT_EQ(ask(*app, "INSERT INTO orders (n) VALUES (1) RETURNING id"), "1");
    app->run({"UPDATE orders SET n = 2"}, call_for());
    EXPECT_EQ(ask(*app, "SELECT setval('orders_id_seq', 41)"), "41");
    EXPECT_EQ(ask(*app, "SELECT nextval('orders_id_seq')"), "42");
    EXPECT_EQ(ask(*app, "SELECT name FROM django_migrations"), "0001");
    app->run({"DELETE FROM orders"}, call_for());
    // Before 15 PUBLIC may create in public unless the administrator is a superuser.
    if (!shares_public(server_version(), admin_is_superuser())) {
        expect_refused(*app, "CREATE TABLE planted (id int)");
    }
    for (const auto* statement :
         {"CREATE SCHEMA planted",
          "CREATE TEMP TABLE planted (id int)",
          "CREATE EXTENSION citext",
          "TRUNCATE orders",
          "ALTER TABLE orders ADD planted int",
          "DROP TABLE orders",
          "CREATE INDEX ON orders (n)",
          "GRANT SELECT ON orders TO PUBLIC"}) {
        const auto code = failure_of([&] { app->run({statement}, call_for()); }).code;
        EXPECT_TRUE(code == "42501" || code == "01007") << statement << ": " << code;
    }
    expect_refused(*app, "SET ROLE " + names_.owner.str());
    // Django's record is closed as soon as it is seen.
    EXPECT_NE(drift().find("may write public.django_migrations"), std::string::npos) << drift();
    provision_anew();
    EXPECT_EQ(drift(), "");
    expect_refused(*app, "DELETE FROM django_migrations");
    expect_refused(*app, "INSERT INTO django_migrations (app) VALUES ('x')");
    EXPECT_EQ(ask(*app, "SELECT count(*) FROM django_migrations"), "1");
}

TEST_F(Access, RuntimeSwitchesBothWaysOnALivingDatabase) {
    provision_anew();
    open_app()->run_batch(
        {{"CREATE TABLE before (id serial)"}, {"INSERT INTO before DEFAULT VALUES"}}, call_for()
    );
    setup_.runtime = RuntimeAccess::ReadWrite;
    EXPECT_EQ(look().roles, RolesState::Incomplete);
    provision_anew();
    EXPECT_EQ(drift(), "");
    const auto app = open_app();
    EXPECT_EQ(ask(*app, "INSERT INTO before DEFAULT VALUES RETURNING id"), "2");
    expect_refused(*app, "DROP TABLE before");
    expect_refused(*app, "SET ROLE " + names_.owner.str());

    setup_.runtime = RuntimeAccess::Owner;
    EXPECT_EQ(look().roles, RolesState::Incomplete);
    provision_anew();
    EXPECT_EQ(drift(), "");
    const auto again = open_app();
    EXPECT_EQ(ask(*again, "SELECT current_user"), names_.owner.str());
    again->run_batch({{"ALTER TABLE before ADD n int"}, {"CREATE TABLE after ()"}}, call_for());
    EXPECT_EQ(
        here(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE"
            " g.rolname = '" +
            names_.read_write.str() + "' AND m.member <> '" + access_.administrator.user +
            "'::regrole"
        ),
        "0"
    );
}

TEST_F(Access, OwnershipOfTheDatabaseGoesThereAndBack) {
    provision_anew();
    EXPECT_EQ(owner_of_database(), access_.administrator.user);
    setup_.ownership = Ownership::Database;
    EXPECT_NE(drift(), "");
    provision_anew();
    EXPECT_EQ(owner_of_database(), names_.owner.str());
    EXPECT_EQ(drift(), "");
    open_app()->run({"CREATE SCHEMA own"}, call_for());
    setup_.ownership = Ownership::Schema;
    provision_anew();
    EXPECT_EQ(owner_of_database(), access_.administrator.user);
    EXPECT_EQ(drift(), "");
    database_of(names_)->prove_login(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    );
    open_app()->run({"CREATE TABLE own.kept ()"}, call_for());
}

TEST_F(Access, OwnerOfTheDatabaseLetsNobodyElseIn) {
    setup_.ownership = Ownership::Database;
    provision(names_, claimant_);
    const auto name = names_.database.str();
    const auto login = names_.login_a.str();
    const auto let_in = [&] {
        // A grant by somebody else than the owner outlives the owner's REVOKE.
        as_superuser(
            "SET SESSION AUTHORIZATION " + login + "; SET ROLE " + names_.owner.str() +
            "; GRANT CONNECT ON DATABASE " + name + " TO " + login +
            " WITH GRANT OPTION; RESET ROLE; GRANT CONNECT ON DATABASE " + name + " TO PUBLIC"
        );
    };
    const auto public_may_connect = [&] {
        return as_superuser(
            "SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = '" +
            name + "' AND a.grantee = 0"
        );
    };
    for (const auto ownership : {Ownership::Database, Ownership::Schema}) {
        let_in();
        EXPECT_EQ(public_may_connect(), "1");
        setup_.ownership = ownership;
        database_of(names_, claimant_)->configure(call_for());
        EXPECT_EQ(public_may_connect(), "0");
        EXPECT_TRUE(database_of(names_, claimant_)->inspect(call_for()).database_is_configured);
    }
}

TEST_F(Access, ExtraSchemasAreOwnedAndGrantedAsPublicIs) {
    setup_.runtime = RuntimeAccess::ReadWrite;
    setup_.schemas = {"reports", "archive"};
    provision_anew();
    EXPECT_EQ(drift(), "");
    open_migration()->run({"CREATE TABLE reports.daily (id serial)"}, call_for());
    const auto app = open_app();
    EXPECT_EQ(ask(*app, "INSERT INTO reports.daily DEFAULT VALUES RETURNING id"), "1");
    expect_refused(*app, "CREATE TABLE reports.planted ()");
    // One that is no longer requested stays.
    setup_.schemas = {"archive"};
    provision_anew();
    EXPECT_EQ(drift(), "");
    EXPECT_EQ(ask(*app, "SELECT count(*) FROM reports.daily"), "1");
}

/// As by an app that keeps its tables, django_migrations too, in a schema of its own.
TEST_F(Access, PublicMayBeDropped) {
    setup_.runtime = RuntimeAccess::ReadWrite;
    setup_.schemas = {"data"};
    setup_.extensions = {"citext"};
    provision_anew();
    as_superuser("DROP SCHEMA public CASCADE", names_.database.str());
    EXPECT_EQ(drift(), "Schema public is missing.\nExtension citext is not installed.\n");
    provision_anew();
    EXPECT_EQ(drift(), "Schema public is missing.\n");
    EXPECT_TRUE(look().database_is_configured);
    EXPECT_EQ(
        here("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'citext'"), "data"
    );
    database_of(names_)->prove_login(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    );
    EXPECT_EQ(here("SELECT count(*) FROM pg_namespace WHERE nspname = 'djangodb_probe'"), "0");
    open_migration()->run({"CREATE TABLE data.orders (id serial)"}, call_for());
    EXPECT_EQ(ask(*open_app(), "INSERT INTO data.orders DEFAULT VALUES RETURNING id"), "1");
}

TEST_F(Access, SchemaOfSomebodyElseIsRefused) {
    provision_anew();
    here("CREATE SCHEMA theirs; CREATE TABLE theirs.kept AS SELECT 1 AS n");
    setup_.schemas = {"mine", "theirs"};
    const auto failure = failure_of([&] { provision_anew(); });
    EXPECT_EQ(failure.reason, Reason::AdoptionRefused);
    EXPECT_NE(failure.message.find("\"theirs\" belongs to \"postgres\""), std::string::npos)
        << failure.message;
    EXPECT_EQ(
        here("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'theirs'"), "postgres"
    );
    EXPECT_EQ(here("SELECT count(*) FROM pg_namespace WHERE nspname = 'mine'"), "0");
}

TEST_F(Access, TrustedExtensionIsTheOwnersAndOthersNeedLeave) {
    setup_.extensions = {"citext", "pageinspect"};
    provision_anew();
    EXPECT_EQ(
        here("SELECT extowner::regrole FROM pg_extension WHERE extname = 'citext'"),
        names_.owner.str()
    );
    EXPECT_EQ(
        here("SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE"
             " extname = 'citext'"),
        "public"
    );
    EXPECT_EQ(here("SELECT count(*) FROM pg_extension WHERE extname = 'pageinspect'"), "0");
    EXPECT_EQ(drift(), "Extension pageinspect is not installed.\n");
    const auto facts = look();
    ASSERT_EQ(facts.extensions.size(), 2U);
    EXPECT_TRUE(facts.extensions[0].exists && facts.extensions[0].trusted);
    EXPECT_TRUE(facts.extensions[1].exists && !facts.extensions[1].trusted);
    access_.allowed_extensions = {"pageinspect"};
    if (admin_is_superuser()) {
        provision_anew();
        EXPECT_EQ(drift(), "");
    } else {
        const auto failure = failure_of([&] { provision_anew(); });
        EXPECT_EQ(failure.reason, Reason::AdminRightsMissing);
        EXPECT_THAT(
            failure.message,
            HasSubstr("refused CREATE EXTENSION IF NOT EXISTS \"pageinspect\" SCHEMA \"public\": ")
        );
    }
    setup_.extensions = {"no_such_extension"};
    EXPECT_FALSE(look().extensions.at(0).exists);
}

TEST_F(Access, SchemaThatMayNotBeHandedOverIsNamedWithWhatToRun) {
    if (admin_is_superuser() || server_version() < 150000) {
        provision_anew();  // may, or does not try: see Provision
        EXPECT_EQ(drift(), "");
        return;
    }
    provision_anew();
    const auto owner = "\"" + names_.owner.str() + "\"";
    here("ALTER SCHEMA public OWNER TO postgres");
    const auto failure = failure_of([&] { provision_anew(); });
    EXPECT_EQ(failure.reason, Reason::AdminRightsMissing);
    const auto handing_over = "ALTER SCHEMA public OWNER TO " + owner;
    for (const auto& words :
         {"refused " + handing_over + ": must be owner of schema public",
          "In database \"" + names_.database.str() + "\" let a superuser",
          "GRANT " + owner + " TO \"" + access_.administrator.user + "\""}) {
        EXPECT_THAT(failure.message, HasSubstr(words));
    }
    EXPECT_THAT(failure.message, Not(HasSubstr("maintenance database")));
    here(handing_over);  // as it says
    provision_anew();
    EXPECT_EQ(drift(), "");
}

TEST_F(Access, LimitsAndDefaultsOfSessions) {
    setup_.connection_limit = 7;
    setup_.time_zone = "Europe/Berlin";
    provision_anew();
    EXPECT_EQ(drift(), "");
    const auto app = open_app();
    EXPECT_EQ(ask(*app, "SHOW timezone"), "Europe/Berlin");
    EXPECT_EQ(ask(*app, "SHOW default_transaction_isolation"), "read committed");
    EXPECT_EQ(ask(*app, "SHOW client_encoding"), "UTF8");
    const auto limit = [&] {
        return as_superuser(
            "SELECT datconnlimit FROM pg_database WHERE datname = '" + names_.database.str() + "'"
        );
    };
    EXPECT_EQ(limit(), "7");
    setup_.connection_limit = -1;
    EXPECT_NE(drift(), "");
    provision_anew();
    EXPECT_EQ(limit(), "-1");
    EXPECT_EQ(drift(), "");
}

TEST_F(Access, PasswordItselfIsSentWhereTheServersOwnerChoseThat) {
    const auto from = server_log().size();
    access_.password_mode = PasswordMode::Plaintext;
    provision_anew();
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    // As a parameter, which docs/postgresql.md tells of, and in no statement.
    std::istringstream log(server_log(from));
    for (std::string line; std::getline(log, line);) {
        EXPECT_TRUE(
            line.find(passwords_.at(LoginId::a()).reveal()) == std::string::npos ||
            line.find("arameters: ") != std::string::npos
        ) << line;
    }
    EXPECT_EQ(
        as_superuser(
            "SELECT left(rolpassword, 14) FROM pg_authid WHERE rolname = '" + names_.login_a.str() +
            "'"
        ),
        "SCRAM-SHA-256$"
    );
}

}  // namespace
}  // namespace djdb::postgres
