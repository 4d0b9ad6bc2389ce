// A tenant from nothing to a login that may work, and back to retained.
#include "tests/postgres/live_server.hpp"
#include "tests/support/a_pass.hpp"

namespace djdb::postgres {
namespace {

class Provision : public LiveServer {};

TEST_F(Provision, AdministratorsRightsAreRead) {
    const auto facts = database_.inspect_server(access_, call_for());
    const auto& administrator = facts.administrator;
    EXPECT_EQ(administrator.is_superuser, require_variable("DJDB_PG_ADMIN") == "superuser");
    EXPECT_EQ(administrator.is_superuser, admin_is_superuser());
    EXPECT_TRUE(administrator.is_superuser || administrator.can_create_database);
    EXPECT_TRUE(administrator.is_superuser || administrator.can_create_role);
    EXPECT_EQ(std::to_string(facts.version_number), as_superuser("SHOW server_version_num"));
}

TEST_F(Provision, StepByStepAndTwice) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    const auto call = call_for();
    auto facts = database_of(names, claimant)->inspect(call);
    EXPECT_EQ(facts.claim, ClaimState::Unclaimed);
    EXPECT_EQ(facts.roles, RolesState::Absent);
    EXPECT_EQ(facts.database, DatabaseState::Absent);

    database_of(names, claimant)->claim_and_create_roles(passwords_, {}, call);
    facts = database_of(names, claimant)->inspect(call);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Complete);

    database_of(names)->create(call);
    facts = database_of(names, claimant)->inspect(call);
    EXPECT_EQ(facts.database, DatabaseState::Closed);
    EXPECT_FALSE(facts.database_is_configured);

    database_of(names, claimant)->configure(call);
    const auto first = database_of(names, claimant)->inspect(call);
    EXPECT_EQ(first.database, DatabaseState::Open);
    EXPECT_TRUE(first.database_is_configured);

    provision(names, claimant);
    facts = database_of(names, claimant)->inspect(call);
    EXPECT_EQ(facts.database_oid, first.database_oid);
    EXPECT_TRUE(facts.database_is_configured);
    EXPECT_EQ(facts.roles, RolesState::Complete);
}

TEST_F(Provision, LoginsActAsTheOwnerOfTheSchemaNotOfTheDatabase) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    const auto call = call_for();
    database_of(names)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call);
    database_of(names)->prove_login(LoginId::migrate(), passwords_.at(LoginId::migrate()), call);
    EXPECT_EQ(
        as_superuser(
            "SELECT count(*) FROM pg_class WHERE relname = 'djangodb_probe'", names.database.str()
        ),
        "0"
    );

    const auto app =
        Connection::open(tenant_endpoint(names, names.login_a, passwords_.at(LoginId::a())), call);
    app->run({"CREATE TABLE orders (id int)"}, call);
    app->run({"DISCARD ALL"}, call);
    EXPECT_EQ(app->run({"SELECT current_user"}, call).at(0).at(0), names.owner.str());
    EXPECT_EQ(
        as_superuser(
            "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'", names.database.str()
        ),
        names.owner.str()
    );
    // Before 15 public is the bootstrap superuser's, and a plain administrator can't hand it over.
    const bool shared = server_version() < 150000 && !admin_is_superuser();
    EXPECT_EQ(
        as_superuser(
            "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'",
            names.database.str()
        ),
        shared ? "postgres" : names.owner.str()
    );
    EXPECT_EQ(
        as_superuser(
            "SELECT bool_or(a.grantee = 0 AND a.privilege_type = 'CREATE') FROM pg_namespace,"
            " aclexplode(nspacl) a WHERE nspname = 'public'",
            names.database.str()
        ),
        shared ? "t" : "f"
    );
    const auto claimant = claimant_of(names);
    EXPECT_EQ(database_of(names, claimant)->inspect(call).shares_public_schema, shared);
    // What the condition tells a DBA to run heals it.
    as_superuser(
        "ALTER SCHEMA public OWNER TO " + names.owner.str() +
            "; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        names.database.str()
    );
    EXPECT_FALSE(database_of(names, claimant)->inspect(call).shares_public_schema);
    database_of(names)->prove_login(LoginId::migrate(), passwords_.at(LoginId::migrate()), call);
    EXPECT_EQ(
        as_superuser(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '" +
            names.database.str() + "'"
        ),
        access_.administrator.user
    );
    for (const auto& statement :
         {"GRANT CONNECT ON DATABASE " + names.database.str() + " TO PUBLIC",
          "ALTER DATABASE " + names.database.str() + " SET search_path = planted",
          "ALTER DATABASE " + names.database.str() + " RENAME TO stolen"}) {
        const auto failure = failure_of([&] { app->run({statement}, call); });
        // GRANT without rights only warns: that is a failure as well.
        EXPECT_TRUE(failure.code == "42501" || failure.code == "01007" || failure.code == "55006")
            << failure.code;
    }
    EXPECT_EQ(
        as_superuser("SELECT 1 FROM pg_database WHERE datname = '" + names.database.str() + "'"),
        "1"
    );
}

TEST_F(Provision, OwnerCannotDropItsDatabase) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    const auto call = call_for();
    // From a database that everybody may enter, as DROP DATABASE demands.
    auto endpoint = tenant_endpoint(names, names.login_a, passwords_.at(LoginId::a()));
    endpoint.database = "template1";
    const auto session = Connection::open(endpoint, call);
    session->run({"SET ROLE " + names.owner.str()}, call);
    EXPECT_EQ(
        failure_of([&] { session->run({"DROP DATABASE " + names.database.str()}, call); }).code,
        "42501"
    );
}

TEST_F(Provision, AnotherTenantMayNotEnter) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    const auto other = fresh_tenant();
    provision(other, claimant_of(other));
    auto endpoint = tenant_endpoint(other, other.login_a, passwords_.at(LoginId::a()));
    endpoint.database = names.database.str();
    const auto failure = failure_of([&] { Connection::open(endpoint, call_for()); });
    EXPECT_EQ(failure.code, "42501");
    EXPECT_EQ(failure.kind, FailureClass::Forbidden);
}

TEST_F(Provision, MaintenanceDatabaseIsClosedToTenants) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    auto endpoint = tenant_endpoint(names, names.login_a, passwords_.at(LoginId::a()));
    endpoint.database = access_.maintenance_database;
    EXPECT_EQ(failure_of([&] { Connection::open(endpoint, call_for()); }).code, "42501");
}

TEST_F(Provision, MigrationLoginGivesUpOnLocks) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    EXPECT_EQ(
        as_superuser(
            "SELECT 1 FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE "
            "r.rolname = '" +
            names.migrate.str() + "' AND 'lock_timeout=5s' = ANY (s.setconfig)"
        ),
        "1"
    );
}

TEST_F(Provision, ReadsMigrationsAndRemembersPassedImages) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    provision(names, claimant);
    const auto call = call_for();
    EXPECT_FALSE(database_of(names)
                     ->read_migrations("", passwords_.at(LoginId::migrate()), call)
                     .table_exists);
    const auto login = Connection::open(
        tenant_endpoint(names, names.migrate, passwords_.at(LoginId::migrate())), call
    );
    login->run_batch(
        {{"CREATE TABLE django_migrations (id serial, app text, name text)"},
         {"INSERT INTO django_migrations (app, name) VALUES ('shop', '0001_initial'), ('shop', "
          "'0002_more')"}},
        call
    );
    const auto applied =
        database_of(names)->read_migrations("", passwords_.at(LoginId::migrate()), call);
    EXPECT_TRUE(applied.table_exists);
    EXPECT_EQ(applied.names, (std::vector<std::string>{"shop.0001_initial", "shop.0002_more"}));

    database_of(names, claimant)->record_passed({a_pass("shop:1")}, call);
    database_of(names, claimant)->record_passed({a_pass("shop:2")}, call);
    database_of(names, claimant)->record_passed({a_pass("shop:1")}, call);
    const auto facts = database_of(names, claimant)->inspect(call);
    EXPECT_EQ(facts.passed_images, (std::vector<ImageRef>{ImageRef("shop:2"), ImageRef("shop:1")}));
}

TEST_F(Provision, FiftyImagesAreRememberedOfHoweverMany) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    provision(names, claimant);
    // Of a version that forgot none, and of a database that is gone.
    for (const std::string oid : {"d.oid", "1"}) {
        as_superuser(
            "INSERT INTO djangodb.passed_image SELECT datname, " + oid +
                ", 'shop:' || i, now() - '1 day'::interval + i * '1 s'::interval FROM pg_database "
                "d,"
                " generate_series(1, 1000) i WHERE datname = '" +
                names.database.str() + "'",
            "djangodb"
        );
    }
    EXPECT_EQ(database_of(names)->inspect(call_for()).passed_images.size(), 50);
    database_of(names)->record_passed({a_pass("shop:new")}, call_for());
    const auto images = database_of(names)->inspect(call_for()).passed_images;
    EXPECT_EQ(images.back(), ImageRef("shop:new"));
    EXPECT_EQ(
        as_superuser(
            "SELECT count(*) FROM djangodb.passed_image WHERE database = '" + names.database.str() +
                "'",
            "djangodb"
        ),
        "50"
    );
}

TEST_F(Provision, ATemplateThatPassedIsKeptAsItIs) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    provision(names, claimant);
    PassedTemplate odd{
        "a1b2c3d4e5f",
        R"(ConfigMap "it's\" 12;Secret "{}" ;)",
        ImageRef("reg.example/shop@sha256:1"),
        "b2",
        "Tenants'",
        ResourceUid("uid")};
    database_of(names, claimant)->record_passed({odd, a_pass("shop:2")}, call_for());
    EXPECT_EQ(
        database_of(names)->inspect(call_for()).passed_templates,
        (std::vector{odd, a_pass("shop:2")})
    );
    odd.configs.clear();
    odd.job = ResourceUid("another");
    database_of(names, claimant)->record_passed({odd}, call_for());
    EXPECT_EQ(
        database_of(names)->inspect(call_for()).passed_templates,
        (std::vector{a_pass("shop:2"), odd})
    );
}

TEST_F(Provision, FiftyTemplatesAreRememberedOrAllThatPassedTogether) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    provision(names, claimant);
    const auto record = [&](int first, int end) {
        std::vector<PassedTemplate> passed;
        for (int i = first; i < end; ++i) {
            passed.push_back(a_pass("shop:" + std::to_string(i)));
        }
        database_of(names, claimant)->record_passed(passed, call_for());
        return database_of(names)->inspect(call_for()).passed_templates;
    };
    for (int i = 0; i < 6; ++i) {
        record(10 * i, 10 * i + 10);
    }
    const auto fifty = record(60, 61);
    EXPECT_EQ(fifty.size(), 50);
    EXPECT_EQ(fifty.front(), a_pass("shop:11"));
    EXPECT_EQ(fifty.back(), a_pass("shop:60"));
    EXPECT_EQ(record(100, 170).size(), 50 + 70)
        << "an app of seventy Deployments, and what was before";
    EXPECT_EQ(record(200, 270).size(), 140);
}

TEST_F(Provision, ReadsMigrationsInTheSchemaThatTheAppHasThemIn) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    const auto& password = passwords_.at(LoginId::migrate());
    const auto call = call_for();
    const auto login = Connection::open(tenant_endpoint(names, names.migrate, password), call);
    login->run_batch(
        {{R"(CREATE SCHEMA "da""ta")"},
         {R"(CREATE TABLE "da""ta".django_migrations (id serial, app text, name text))"},
         {R"(INSERT INTO "da""ta".django_migrations (app, name) VALUES ('shop', '0001'))"}},
        call
    );
    EXPECT_FALSE(database_of(names)->read_migrations("", password, call).table_exists);
    EXPECT_FALSE(database_of(names)->read_migrations("nowhere", password, call).table_exists);
    const auto applied = database_of(names)->read_migrations("da\"ta", password, call);
    EXPECT_TRUE(applied.table_exists);
    EXPECT_EQ(applied.names, std::vector<std::string>{"shop.0001"});
}

TEST_F(Provision, RetainedAndAttachedAgainWithItsRows) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names, "uid-1");
    provision(names, claimant);
    const auto call = call_for();
    const auto app =
        Connection::open(tenant_endpoint(names, names.login_a, passwords_.at(LoginId::a())), call);
    app->run({"CREATE TABLE kept AS SELECT 42 AS n"}, call);

    database_of(names, claimant)->retire(call);
    database_of(names, claimant)->retire(call);
    EXPECT_EQ(
        failure_of([&] {
            database_of(names)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call);
        }).reason,
        Reason::LoginRejected
    );
    EXPECT_EQ(failure_of([&] { app->run({"SELECT 1"}, call); }).kind, FailureClass::Transient)
        << "session lives on";

    // The predecessor's operator may be in the midst of a run.
    database_of(names, claimant)->reattach(call);
    EXPECT_EQ(
        failure_of([&] {
            database_of(names, claimant)->claim_and_create_roles(passwords_, {}, call);
        }).reason,
        Reason::ClaimLost
    );
    EXPECT_EQ(database_of(names, claimant)->inspect(call).claim, ClaimState::RetainedForMe);

    const auto successor = claimant_of(names, "uid-2");
    EXPECT_EQ(database_of(names, successor)->inspect(call).claim, ClaimState::RetainedForMe);
    provision(names, successor);
    EXPECT_EQ(database_of(names, successor)->inspect(call).claim, ClaimState::Mine);
    EXPECT_TRUE(database_of(names, successor)->inspect(call).database_is_configured);
    const auto again =
        Connection::open(tenant_endpoint(names, names.login_a, passwords_.at(LoginId::a())), call);
    EXPECT_EQ(again->run({"SELECT n FROM kept"}, call).at(0).at(0), "42");

    database_of(names, claimant)->retire(call);  // the predecessor has nothing to say any more
    database_of(names)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call);
}

TEST_F(Provision, ExtensionThatALoginOwnsIsRetainedWithTheLogin) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    const auto login = names.login_a.str();
    provision(names, claimant);
    as_superuser(
        "GRANT CREATE ON DATABASE " + names.database.str() + " TO " + login +
            "; SET SESSION AUTHORIZATION " + login +
            "; CREATE EXTENSION citext; RESET SESSION AUTHORIZATION; CREATE TABLE made (t citext);"
            " ALTER TABLE made OWNER TO " +
            login,
        names.database.str()
    );
    const auto kept = database_of(names, claimant)->retire(call_for());
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_NE(kept[0].find("Role " + login + " could not be dropped"), std::string::npos)
        << kept[0];
    EXPECT_EQ(
        as_superuser(
            "SELECT x.extowner::regrole || ' ' || c.relowner::regrole FROM pg_extension x, "
            "pg_class c"
            " WHERE x.extname = 'citext' AND c.relname = 'made'",
            names.database.str()
        ),
        login + " " + names.owner.str()
    );
}

}  // namespace
}  // namespace djdb::postgres
