// A pooler that drops what a session was begun with: the administrator is refused before it says
// anything else, and what it would have said there could not be made to mean something of a tenant's.
#include "reconcilers/sql/adopt/adopt.hpp"
#include "reconcilers/sql/inspect/server.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/contents.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/remove/reader.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/pgbouncer.hpp"
#include "tests/postgres/spare_server.hpp"

#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;

/// Everything by name that a statement could reach by search_path: what the tenant made in its place
/// takes a note of who came, and goes on as if nothing were.
constexpr const char* kTraps = R"sql(
CREATE TABLE public.caught (who pg_catalog.text);
GRANT ALL ON public.caught TO PUBLIC;
CREATE FUNCTION public.seen() RETURNS boolean LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.caught VALUES (session_user); RETURN true; END';
DO $do$
DECLARE
    f pg_catalog.record;
    o pg_catalog.record;
    place int := 0;
BEGIN
    -- Only what a tenant may create: no pseudo-types, and no types whose arrays would be needed.
    FOR f IN SELECT p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
            pg_catalog.pg_get_function_result(p.oid) AS result, p.proretset
        FROM pg_catalog.pg_proc p WHERE p.pronamespace = 11 AND p.prokind = 'f' AND p.proname IN (
            'format', 'current_setting', 'set_config', 'pg_get_userbyid', 'pg_identify_object', 'aclexplode',
            'acldefault', 'has_table_privilege', 'has_sequence_privilege', 'has_database_privilege', 'pg_has_role',
            'current_database', 'shobj_description', 'upper', 'left', 'split_part', 'pg_backend_pid',
            'pg_is_in_recovery', 'pg_current_wal_lsn', 'pg_walfile_name', 'pg_control_system', 'unnest', 'chr')
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname,
                f.arguments, f.result, 'BEGIN INSERT INTO public.caught VALUES (session_user); RETURN'
                || CASE WHEN f.proretset OR f.arguments LIKE '%OUT %' THEN '' ELSE ' NULL' END || '; END');
        EXCEPTION WHEN others THEN NULL;
        END;
    END LOOP;
    -- Of format(text, VARIADIC "any") there can be no second one: what is called as format('..', name), is this.
    FOR place IN 1 .. 3 LOOP
        EXECUTE 'CREATE FUNCTION public.format(text' || pg_catalog.repeat(', name', place)
            || ') RETURNS text LANGUAGE plpgsql AS ''BEGIN INSERT INTO public.caught VALUES (session_user);'
            || ' RETURN pg_catalog.format($1'
            || (SELECT pg_catalog.string_agg(', $' || n, '') FROM pg_catalog.generate_series(2, place + 1) n)
            || '); END''';
    END LOOP;
    FOR o IN SELECT oprname, oprleft::regtype AS l, oprright::regtype AS r, oprcode::regproc AS meant
        FROM pg_catalog.pg_operator WHERE oprnamespace = 11 AND oprresult = 'boolean'::regtype
        AND oprname IN ('=', '<>', '<', '>=', '!~') AND oprleft <> 0
    LOOP
        place := place + 1;
        BEGIN
            EXECUTE pg_catalog.format('CREATE FUNCTION public.trap_%s(%s, %s) RETURNS boolean LANGUAGE plpgsql AS'
                || ' ''BEGIN INSERT INTO public.caught VALUES (session_user); RETURN pg_catalog.%s($1, $2); END''',
                place, o.l, o.r, o.meant);
            EXECUTE pg_catalog.format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION ='
                || ' public.trap_%s)', o.oprname, o.l, o.r, place);
        EXCEPTION WHEN others THEN NULL;
        END;
    END LOOP;
    FOR f IN SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = 11 AND relkind IN ('r', 'v')
        AND relname IN ('pg_class', 'pg_namespace', 'pg_roles', 'pg_database', 'pg_proc', 'pg_type', 'pg_depend',
            'pg_shdepend', 'pg_extension', 'pg_available_extensions', 'pg_default_acl', 'pg_shdescription')
    LOOP
        EXECUTE pg_catalog.format('CREATE VIEW public.%1$I AS SELECT * FROM pg_catalog.%1$I WHERE public.seen()',
            f.relname);
    END LOOP;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
    CREATE DOMAIN public.text AS pg_catalog.text CHECK (public.seen());
    CREATE DOMAIN public.oid AS pg_catalog.oid CHECK (public.seen());
    CREATE DOMAIN public.name AS pg_catalog.name CHECK (public.seen());
    CREATE TYPE public.record AS (who pg_catalog.text);
END $do$;
)sql";

/// As the administrator, with whatever search_path the database gives.
class UnpinnedSession {
  public:
    UnpinnedSession(const ServerAccess& access, const std::string& database) {
        const auto port = std::to_string(access.address.port);
        const std::array<const char*, 7> names{
            "host", "port", "user", "password", "dbname", "sslmode", nullptr};
        const std::array<const char*, 7> values{
            access.address.host.c_str(),
            port.c_str(),
            access.administrator.user.c_str(),
            access.administrator.password.reveal().c_str(),
            database.c_str(),
            "require",
            nullptr};
        raw_.reset(PQconnectdbParams(names.data(), values.data(), 0));
    }
    void run(const sql::Batch& batch) {
        for (const auto& statement : batch) {
            std::vector<const char*> parameters;
            for (const auto& value : statement.parameters) {
                parameters.push_back(value.c_str());
            }
            const std::unique_ptr<PGresult, decltype(&PQclear)> result(
                PQexecParams(
                    raw_.get(),
                    statement.text.c_str(),
                    static_cast<int>(parameters.size()),
                    nullptr,
                    parameters.data(),
                    nullptr,
                    nullptr,
                    0
                ),
                &PQclear
            );
            const auto status = PQresultStatus(result.get());
            EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
                << statement.text << "\n"
                << PQerrorMessage(raw_.get());
        }
    }

  private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> raw_{nullptr, &PQfinish};
};

/// Of these tests alone: it gets a ledger, and others look at a spare server's first one.
SpareServer& pooled() {
    static SpareServer server("pooled");
    return server;
}

class Pooler : public LiveServer {
  protected:
    Pooler() : names_(fresh_tenant()) {
        setup_.ownership = Ownership::Database;
        setup_.runtime = RuntimeAccess::ReadWrite;
        setup_.schemas = {"reports"};
        direct_ = pooled().access();
        const auto tenant = of(database_, direct_);
        tenant->claim_and_create_roles(passwords_, {}, call_for());
        tenant->create(call_for());
        tenant->configure(call_for());
    }
    void TearDown() override { of(database_, direct_)->drop(call_for()); }

    [[nodiscard]] std::unique_ptr<TenantDatabase> of(
        PostgresDatabase& database, const ServerAccess& access
    ) const {
        return database.of(access, {names_, setup_, claimant_of(names_)});
    }
    [[nodiscard]] std::string name() const { return names_.database.str(); }
    void plant() const {
        pooled().as_superuser(
            "SET SESSION AUTHORIZATION " + names_.owner.str() + ";" + kTraps, name()
        );
        pooled().as_superuser(
            "ALTER DATABASE " + name() + " SET search_path = public, pg_catalog", "postgres"
        );
    }
    [[nodiscard]] std::string caught() const {
        return pooled().as_superuser(
            "SELECT coalesce(pg_catalog.string_agg(DISTINCT who, ','), '') FROM public.caught",
            name()
        );
    }
    /// All ways of the administrator to the server; each is refused for this reason.
    void expect_refused(const PgBouncer& pooler, Reason reason) const {
        PostgresDatabase database;
        const auto failure =
            failure_of([&] { database.inspect_server(pooler.access(), call_for()); });
        EXPECT_EQ(failure.reason, reason) << failure.message;
        EXPECT_THAT(failure.message, HasSubstr("Nothing was changed"));
        EXPECT_THAT(failure.message, HasSubstr("spec.host and spec.port to the server itself"));
        const auto tenant = of(database, pooler.access());
        const auto all = std::vector<std::function<void()>>{
            [&] { tenant->inspect(call_for()); },
            [&] { tenant->configure(call_for()); },
            [&] { tenant->retire(call_for()); },
            [&] { tenant->drop(call_for()); }};
        for (const auto& work : all) {
            EXPECT_EQ(failure_of(work).reason, reason);
        }
        // By itself, without the breaker's memory of the others.
        for (const auto& place : {name(), std::string("postgres")}) {
            const auto endpoint = postgres::admin_endpoint(pooler.access(), place);
            EXPECT_EQ(failure_of([&] { Connection::open(endpoint, call_for()); }).reason, reason)
                << place;
        }
    }

    TenantNames names_;
    ServerAccess direct_;
};

/// What the pooler would set on each of its sessions for everything that it drops to hold anyway; it
/// takes 500 bytes at most.
std::string all_pins() {
    std::string settings;
    for (const auto& [setting, value] : sql::pinned_settings(SessionKind::Admin)) {
        const auto name = std::string(setting);
        const auto quoted = "'" + std::string(value) + "'";
        if (name == "search_path") {
            settings += "SELECT set_config('search_path', " + quoted + ", false);";
        } else if (name != "local_preload_libraries") {  // may be set by nobody later, and is empty
            settings += "SET " + name + " = " + quoted + ";";
        }
    }
    return settings;
}

TEST_F(Pooler, ThatDropsThePinsIsRefusedBeforeATenantsCodeRuns) {
    plant();
    for (const auto* mode : {"session", "transaction"}) {
        const PgBouncer pooler(pooled(), {.pool_mode = mode});
        expect_refused(pooler, Reason::SessionNotPinned);
        const auto failure = failure_of([&] {
            Connection::open(postgres::admin_endpoint(pooler.access(), name()), call_for());
        });
        EXPECT_THAT(failure.message, HasSubstr("search_path"));
        EXPECT_THAT(failure.message, HasSubstr("statement_timeout"));
    }
    EXPECT_EQ(caught(), "");
    // Directly all goes on, with the traps in place.
    EXPECT_NO_THROW(of(database_, direct_)->configure(call_for()));
    EXPECT_EQ(caught(), "");
}

TEST_F(Pooler, ThatPinsItselfIsRefusedForWhatItIs) {
    for (const auto* mode : {"session", "transaction"}) {
        const PgBouncer pooler(pooled(), {.pool_mode = mode, .connect_query = all_pins()});
        expect_refused(pooler, Reason::PoolerInPath);
    }
}

TEST_F(Pooler, ThatRefusesThePinsIsToldByWhatItAnswers) {
    const PgBouncer pooler(pooled(), {.drops_options = false});
    expect_refused(pooler, Reason::PoolerInPath);
}

TEST_F(Pooler, ThatEndsTlsIsToldByTheLoginThatItOffers) {
    const PgBouncer pooler(pooled(), {});
    auto access = pooler.access();
    access.password_mode = PasswordMode::ScramVerifier;
    PostgresDatabase fresh;
    const auto failure = failure_of([&] { fresh.inspect_server(access, call_for()); });
    EXPECT_EQ(failure.reason, Reason::PoolerInPath);
    EXPECT_THAT(failure.message, HasSubstr("ends TLS"));
    EXPECT_THAT(failure.message, HasSubstr("the server itself"));
}

TEST_F(Pooler, WithoutPinsNothingOfATenantsRunsEither) {
    const auto reader = tenant_names(names_.database, {{"reports", ""}}).readers.at(0).role;
    plant();
    const auto claimant = claimant_of(names_);
    UnpinnedSession session(direct_, name());
    for (const auto kind : {SessionKind::Maintenance, SessionKind::Admin}) {
        session.run({sql::identify_server(kind), sql::identify_ledger(kind)});
    }
    session.run({sql::inspect_server("postgres")});
    session.run({sql::require_this_database(
        pooled().as_superuser("SELECT oid FROM pg_database WHERE datname = '" + name() + "'")
    )});
    session.run(sql::arrange_contents(names_, setup_));
    setup_.extensions = {"citext", "hstore"};
    session.run({sql::missing_extensions(setup_), sql::inspect_contents(names_, setup_)});
    session.run({sql::list_obstacles_of_adoption(names_, {names_.owner})});
    // Both with something to do: a reader's table, and a login's.
    for (const auto& role : {reader, names_.login_a}) {
        if (role == reader) {
            pooled().as_superuser("CREATE ROLE " + role.str());
            pooled().as_superuser("GRANT " + role.str() + " TO " + direct_.administrator.user);
            pooled().as_superuser(
                "COMMENT ON ROLE " + role.str() + " IS '" + sql::role_comment(names_, claimant) +
                "'"
            );
        }
        pooled().as_superuser(
            "CREATE TABLE reports." + role.str() + " (id int); ALTER TABLE reports." + role.str() +
                " OWNER TO " + role.str(),
            name()
        );
    }
    session.run(sql::disown(names_, claimant, {reader, names_.login_a}));
    session.run({sql::refuse_objects(names_, claimant, reader)});
    pooled().as_superuser("DROP ROLE " + reader.str());
    EXPECT_EQ(caught(), "");
    // The traps do snap.
    for (const auto* bait :
         {"SELECT format('%s', current_user)",
          "SELECT current_user = 'postgres'::name",
          "SELECT count(*) FROM pg_roles",
          "SELECT 'a'::text"}) {
        pooled().as_superuser("TRUNCATE public.caught", name());
        session.run({sql::Statement(bait)});
        EXPECT_EQ(caught(), direct_.administrator.user) << bait;
    }
    pooled().as_superuser("TRUNCATE public.caught", name());
}

TEST_F(Pooler, WithoutPinsNothingOfAFormerOwnersRunsAtAdoption) {
    const auto old = fresh_tenant().database.str();
    pooled().as_superuser("CREATE ROLE " + old);
    pooled().as_superuser("GRANT " + old + " TO " + direct_.administrator.user);
    pooled().as_superuser("GRANT " + names_.owner.str() + " TO " + direct_.administrator.user);
    pooled().as_superuser("CREATE TABLE reports.legacy (id serial)", name());
    pooled().as_superuser("ALTER TABLE reports.legacy OWNER TO " + old, name());
    plant();
    const auto oid =
        pooled().as_superuser("SELECT oid FROM pg_database WHERE datname = '" + name() + "'");
    UnpinnedSession session(direct_, name());
    session.run(sql::adopt(names_, oid, "{" + old + "," + names_.owner.str() + "}"));
    EXPECT_EQ(caught(), "");
    EXPECT_EQ(
        pooled().as_superuser(
            "SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid"
            " OPERATOR(pg_catalog.=) 'reports.legacy'::pg_catalog.regclass",
            name()
        ),
        names_.owner.str()
    );
    pooled().as_superuser("DROP ROLE " + old);
}

}  // namespace
}  // namespace djdb::postgres
