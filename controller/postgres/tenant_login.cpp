// The port's part that logs in as a tenant: proofs, and what only its login sees.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/database_port.hpp"

#include <algorithm>
#include <utility>

namespace djdb::postgres {
namespace {

Endpoint login_endpoint(
    const ServerAccess& access,
    const TenantNames& names,
    const RoleName& login,
    const Sensitive& password
) {
    auto to = tenant_endpoint(access, names.database, login, password);
    if (std::ranges::find(names.readers, login) != names.readers.end()) {
        to.kind = SessionKind::Reader;
    }
    return to;
}

}  // namespace

void PostgresDatabase::as_tenant(
    const ServerAccess& access,
    const TenantNames& names,
    const RoleName& login,
    const RoleName& acting_as,
    const Sensitive& password,
    const CallContext& call,
    const Work& work
) {
    const auto endpoint = login_endpoint(access, names, login, password);
    try {
        auto lease = pool_.take(endpoint, call);
        const auto rows =
            lease->run({"SELECT session_user, current_user, current_database()"}, call);
        if (cell(rows, 0) != login.str() || cell(rows, 1) != acting_as.str() ||
            cell(rows, 2) != names.database.str()) {
            throw Error(
                {FailureClass::Conflict,
                 FailureOrigin::Postgres,
                 "LoginRejected",
                 "PostgreSQL " + to_string(endpoint) + ": the login acts as \"" + cell(rows, 1) +
                     "\" instead of \"" + acting_as.str() + "\". It is set again."}
            );
        }
        work(*lease);
    } catch (const Error& error) {
        auto failure = error.failure();
        if (failure.code == "AuthRejected" || failure.code == "AccessRuleRejected") {
            failure.code = "LoginRejected";
        }
        throw Error(std::move(failure));
    }
}

void PostgresDatabase::prove_runtime_login(
    const ServerAccess& access,
    const TenantNames& names,
    const TenantSetup& setup,
    const Sensitive& password,
    const CallContext& call
) {
    const auto& role = setup.runtime == RuntimeAccess::Owner ? names.owner : names.read_write;
    as_tenant(access, names, names.login_a, role, password, call, [](Connection&) {});
}

void PostgresDatabase::prove_migration_login(
    const ServerAccess& access,
    const TenantNames& names,
    const Sensitive& password,
    const CallContext& call
) {
    as_tenant(access, names, names.migrate, names.owner, password, call, [&](Connection& session) {
        // One transaction: a probe that fails half-way leaves no table. The app's own tables have
        // precedence should one bear this name: then the probe fails and touches nothing.
        session.run_batch(
            {{"CREATE TABLE djangodb_probe (id integer PRIMARY KEY)"},
             {"INSERT INTO djangodb_probe VALUES (1)"},
             {"DROP TABLE djangodb_probe"}},
            call
        );
    });
}

void PostgresDatabase::prove_reader_login(
    const ServerAccess& access,
    const TenantNames& names,
    const RoleName& reader,
    const Sensitive& password,
    const CallContext& call
) {
    as_tenant(access, names, reader, reader, password, call, [&](Connection& session) {
        const auto rows = session.run({"SELECT current_setting('transaction_read_only')"}, call);
        if (cell(rows, 0) != "on") {
            throw Error(
                {FailureClass::Conflict,
                 FailureOrigin::Postgres,
                 "LoginRejected",
                 "PostgreSQL " + to_string(session.endpoint()) +
                     ": the reader's session does not begin read-only. It is set again."}
            );
        }
    });
}

bool PostgresDatabase::accepts_password(
    const ServerAccess& access,
    const TenantNames& names,
    const RoleName& login,
    const Sensitive& password,
    const CallContext& call
) {
    try {
        pool_.take(login_endpoint(access, names, login, password), call);
        return true;
    } catch (const Error& error) {
        if (error.failure().code != "AuthRejected") {
            throw;
        }
        return false;
    }
}

AppliedMigrations PostgresDatabase::read_migrations(
    const ServerAccess& access,
    const TenantNames& names,
    const Sensitive& migrate_password,
    const CallContext& call
) {
    AppliedMigrations applied;
    as_tenant(
        access,
        names,
        names.migrate,
        names.owner,
        migrate_password,
        call,
        [&](Connection& session) {
            const auto found =
                session.run({"SELECT to_regclass('django_migrations') IS NOT NULL"}, call);
            applied.table_exists = cell(found, 0) == "t";
            if (applied.table_exists) {
                for (const auto& row : session.run(
                         {"SELECT app || '.' || name FROM django_migrations ORDER BY id"}, call
                     )) {
                    applied.names.push_back(row.at(0).value_or(""));
                }
            }
        }
    );
    return applied;
}

}  // namespace djdb::postgres
