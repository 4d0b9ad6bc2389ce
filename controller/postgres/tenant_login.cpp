// The port's part that logs in as a tenant: proofs, and what only its login sees.
#include "reconcilers/sql/login/tenant_login.hpp"

#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/postgres_tenant.hpp"

#include <utility>

namespace djdb::postgres {

const RoleName& PostgresTenant::acting_role(const LoginId& login) const {
    switch (login.kind) {
        case LoginKind::A:
        case LoginKind::B:
            return setup_.runtime == RuntimeAccess::Owner ? names_.owner : names_.read_write;
        case LoginKind::Migrate:
            return names_.owner;
        case LoginKind::Reader:
            break;
    }
    return names_.role(login);
}

void PostgresTenant::as_tenant(
    const LoginId& login, const Sensitive& password, const CallContext& call, const Work& work
) {
    const auto& role = names_.role(login);
    const auto& acting_as = acting_role(login);
    const auto endpoint = tenant_endpoint(access_, names_.database, role, password);
    try {
        auto lease = pool_.take(endpoint, call);
        lease->read_answers([&] {
            const auto rows = lease->run(sql::who_am_i(), call);
            if (cell(rows, 0) != role.str() || cell(rows, 1) != acting_as.str() ||
                cell(rows, 2) != names_.database.str()) {
                throw Error(
                    {.kind = FailureClass::Conflict,
                     .origin = FailureOrigin::Postgres,
                     .message = "PostgreSQL " + to_string(endpoint) + ": the login acts as \"" +
                                cell(rows, 1) + "\" instead of \"" + acting_as.str() +
                                "\". It is set again.",
                     .reason = Reason::LoginRejected}
                );
            }
            work(*lease);
        });
    } catch (const Error& error) {
        auto failure = error.failure();
        if (failure.reason == Reason::AuthRejected ||
            failure.reason == Reason::AccessRuleRejected) {
            failure.reason = Reason::LoginRejected;
        }
        throw Error(std::move(failure));
    }
}

namespace {

void require_read_only(Connection& session, const CallContext& call) {
    if (cell(session.run(sql::is_read_only(), call), 0) != "on") {
        throw Error(
            {.kind = FailureClass::Conflict,
             .origin = FailureOrigin::Postgres,
             .message = "PostgreSQL " + to_string(session.endpoint()) +
                        ": the reader's session does not begin read-only. It is set again.",
             .reason = Reason::LoginRejected}
        );
    }
}

/// PostgreSQL looks at the database only when the password is right (postinit.c, InitPostgres).
bool is_behind_password(const Failure& failure) {
    return failure.code == kDatabaseClosed || failure.code == kMayNotConnect;
}

}  // namespace

void PostgresTenant::prove_login(
    const LoginId& login, const Sensitive& password, const CallContext& call
) {
    as_tenant(login, password, call, [&](Connection& session) {
        if (login.kind == LoginKind::Migrate) {
            // The app's own table has precedence should one have its name: then the probe fails and
            // touches nothing.
            session.run(sql::probe_schema(), call);
        } else if (login.kind == LoginKind::Reader) {
            require_read_only(session, call);
        }
    });
}

bool PostgresTenant::accepts_password(
    const LoginId& login, const Sensitive& password, const CallContext& call
) {
    try {
        pool_.take(tenant_endpoint(access_, names_.database, names_.role(login), password), call);
        return true;
    } catch (const Error& error) {
        if (is_behind_password(error.failure())) {
            return true;
        }
        if (error.failure().reason != Reason::AuthRejected) {
            throw;
        }
        return false;
    }
}

AppliedMigrations PostgresTenant::read_migrations(
    const std::string& schema, const Sensitive& migrate_password, const CallContext& call
) {
    AppliedMigrations applied;
    as_tenant(LoginId::migrate(), migrate_password, call, [&](Connection& session) {
        const auto found = session.run(sql::has_migrations(schema), call);
        applied.table_exists = cell(found, 0) == "t";
        if (applied.table_exists) {
            for (const auto& row : session.run(sql::read_migrations(schema), call)) {
                applied.names.push_back(row.at(0).value_or(""));
            }
        }
    });
    return applied;
}

}  // namespace djdb::postgres
