// The port's part that logs in as a tenant: proofs, and what only its login sees.
#include "reconcilers/sql/login/tenant_login.hpp"

#include "controller/postgres/administrator.hpp"
#include "controller/postgres/postgres_database.hpp"

#include <algorithm>
#include <utility>

namespace djdb::postgres {

void PostgresDatabase::as_tenant(
    const ServerAccess& access,
    const TenantNames& names,
    const RoleName& login,
    const RoleName& acting_as,
    const Sensitive& password,
    const CallContext& call,
    const Work& work
) {
    const auto endpoint = tenant_endpoint(access, names.database, login, password);
    try {
        auto lease = pool_.take(endpoint, call);
        lease->read_answers([&] {
            const auto rows = lease->run(sql::who_am_i(), call);
            if (cell(rows, 0) != login.str() || cell(rows, 1) != acting_as.str() ||
                cell(rows, 2) != names.database.str()) {
                throw Error(
                    {FailureClass::Conflict,
                     FailureOrigin::Postgres,
                     "LoginRejected",
                     "PostgreSQL " + to_string(endpoint) + ": the login acts as \"" +
                         cell(rows, 1) + "\" instead of \"" + acting_as.str() +
                         "\". It is set again."}
                );
            }
            work(*lease);
        });
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
        session.run_batch(sql::probe_schema(), call);
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
        const auto rows = session.run(sql::is_read_only(), call);
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
        pool_.take(tenant_endpoint(access, names.database, login, password), call);
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
            const auto found = session.run(sql::has_migrations(), call);
            applied.table_exists = cell(found, 0) == "t";
            if (applied.table_exists) {
                for (const auto& row : session.run(sql::read_migrations(), call)) {
                    applied.names.push_back(row.at(0).value_or(""));
                }
            }
        }
    );
    return applied;
}

}  // namespace djdb::postgres
