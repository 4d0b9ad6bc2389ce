#include "controller/postgres/database_port.hpp"

#include "controller/postgres/race_retry.hpp"
#include "controller/postgres/scram.hpp"
#include "controller/postgres/sql_state.hpp"
#include "reconcilers/failure.hpp"
#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/database.hpp"
#include "reconcilers/sql/inspect.hpp"
#include "reconcilers/sql/retire.hpp"
#include "reconcilers/sql/roles.hpp"

#include <chrono>
#include <utility>

namespace djdb::postgres {
namespace {

Endpoint admin_endpoint(const ServerAccess& access, std::string database) {
    return {
        access.host,
        access.port,
        std::move(database),
        access.admin_user,
        access.admin_password,
        access.ca_pem,
        SessionKind::Admin,
        true};
}

Endpoint maintenance(const ServerAccess& access) {
    return admin_endpoint(access, access.maintenance_database);
}

bool is_ledger_missing(const std::string& state) {
    return state == "42P01" || state == "3F000";
}

/// The failure in the words of the port: codes of our own checks become the reasons' names.
Error explained(const Failure& failure, const std::string& database) {
    auto told = failure;
    const std::string untouched =
        " Nothing was changed; delete this resource and create it with another spec.database.name";
    if (failure.code == sql::kClaimedByOther) {
        told.code = "ClaimedByOther";
        told.message += untouched + ".";
    } else if (failure.code == sql::kForeignRole) {
        told.code = "ForeignRole";
        told.message += untouched + ", or drop the role.";
    } else if (failure.code == sql::kForeignDatabase) {
        told.code = "AdoptionNotGranted";
        told.message += untouched + ".";
    } else if (failure.code == sql::kNotOurClaim) {
        told.code = "ClaimLost";
    } else if (failure.code == "42501") {
        told.code = "AdminRightsMissing";
        told.message +=
            " The administrator needs LOGIN CREATEDB CREATEROLE, CREATE on the "
            "maintenance database, and from PostgreSQL 16 on to be the one who made the "
            "roles of \"" +
            database + "\".";
    }
    return Error(std::move(told));
}

const std::string& cell(const Rows& rows, std::size_t column) {
    static const std::string kNone;
    return rows.empty() || !rows.front().at(column) ? kNone : *rows.front().at(column);
}

Error lost_database(
    const Endpoint& at, const DatabaseName& name, const std::string& oid, const std::string& now
) {
    return Error(
        {FailureClass::Terminal,
         FailureOrigin::Postgres,
         "DatabaseLost",
         "PostgreSQL " + to_string(at) + ": database \"" + name.str() + "\" (OID " + oid + ") is " +
             (now.empty() ? "gone although the ledger records it. Nothing was created; restore it "
                            "under this name and set database_oid in djangodb.claim to its new OID"
                          : "named \"" + now + "\" now. Nothing was created; rename it back") +
             ", or set database_oid in djangodb.claim to NULL to begin with an empty one."}
    );
}

}  // namespace

PostgresDatabase::PostgresDatabase() {
    forget_libpq_environment();
}

void PostgresDatabase::make_maintenance_database(
    const ServerAccess& access, const CallContext& call
) {
    const DatabaseName name(access.maintenance_database);
    auto lease = pool_.take(admin_endpoint(access, "postgres"), call);
    try {
        lease->run(sql::create_maintenance_database(name), call);
    } catch (const Error& error) {
        const auto& code = error.failure().code;
        if (code != "42P04" && code != "23505") {
            throw;
        }
    }
    lease->run_batch(sql::open_maintenance_database(name), call);
}

void PostgresDatabase::make_ledger(const Endpoint& endpoint, const CallContext& call) {
    auto lease = pool_.take(endpoint, call);
    lease->run_batch(sql::create_ledger(), call);
}

void PostgresDatabase::attempt(
    const Endpoint& endpoint, const ServerAccess& access, const CallContext& call, const Work& work
) {
    bool is_reused = false;
    try {
        auto lease = pool_.take(endpoint, call);
        is_reused = lease.is_reused();
        work(*lease);
        return;
    } catch (const Error& error) {
        const auto& code = error.failure().code;
        if (is_ledger_missing(code)) {
            make_ledger(endpoint, call);
        } else if (code == "DatabaseMissing" || code == "55000") {
            make_maintenance_database(access, call);
        } else if (code != "ConnectionLost" || !is_reused) {
            throw;
        }
    }
    // Once more with what was missing, or on a fresh session: all work is safe to repeat.
    auto lease = pool_.take(endpoint, call);
    try {
        work(*lease);
        return;
    } catch (const Error& error) {
        if (!is_ledger_missing(error.failure().code)) {
            throw;
        }
        lease->run_batch(sql::create_ledger(), call);
    }
    work(*lease);
}

void PostgresDatabase::as_admin(
    const ServerAccess& access, const CallContext& call, const Work& work
) {
    const auto endpoint = maintenance(access);
    try {
        repeat_races(call, [&] { attempt(endpoint, access, call, work); });
    } catch (const Error& error) {
        throw explained(error.failure(), access.maintenance_database);
    }
}

ServerFacts PostgresDatabase::inspect_server(const ServerAccess& access, const CallContext& call) {
    ServerFacts facts;
    as_admin(access, call, [&](Connection& session) {
        facts = sql::server_facts(session.run(sql::inspect_server(), call).at(0));
    });
    if (sql::ignores_role_setting(facts.version_number)) {
        throw Error(
            {FailureClass::Terminal,
             FailureOrigin::Postgres,
             "BrokenServerVersion",
             "PostgreSQL " + to_string(maintenance(access)) + " has version " + facts.version +
                 ", which ignores ALTER ROLE .. SET role (fixed in the next minor release). "
                 "Nothing "
                 "was changed; update the server."}
        );
    }
    return facts;
}

TenantFacts PostgresDatabase::inspect_tenant(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    TenantFacts facts;
    as_admin(access, call, [&](Connection& session) {
        facts = sql::tenant_facts(session.run(sql::inspect_tenant(names, claimant), call).at(0));
    });
    return facts;
}

void PostgresDatabase::claim_and_create_roles(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const TenantPasswords& passwords,
    const CallContext& call
) {
    const sql::Verifiers verifiers{
        scram_verifier(passwords.runtime), scram_verifier(passwords.migrate)};
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(
            sql::claim_and_create_roles(names, claimant, verifiers, session.server_version()), call
        );
    });
}

void PostgresDatabase::create_database(
    const ServerAccess& access, const TenantNames& names, const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        // Never an empty database in the place of one that was lost: a person decides (F63).
        if (const auto lost = session.run(sql::find_lost_database(names), call); !lost.empty()) {
            throw lost_database(session.endpoint(), names.database, cell(lost, 0), cell(lost, 1));
        }
        try {
            session.run(sql::create_database(names), call);
        } catch (const Error& error) {
            if (error.failure().code != "42P04") {
                throw;
            }
        }
    });
}

void PostgresDatabase::configure_database(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    std::chrono::seconds lock_timeout,
    const CallContext& call
) {
    sql::Batch hand_over;
    as_admin(access, call, [&](Connection& session) {
        hand_over = sql::hand_over_schema(names, session.server_version(), session.is_superuser());
        session.run_batch(sql::configure_database(names, claimant, lock_timeout), call);
    });
    if (!hand_over.empty()) {
        auto endpoint = admin_endpoint(access, names.database.str());
        endpoint.is_reusable = false;
        try {
            repeat_races(call, [&] { pool_.take(endpoint, call)->run_batch(hand_over, call); });
        } catch (const Error& error) {
            throw explained(error.failure(), names.database.str());
        }
    }
    as_admin(access, call, [&](Connection& session) {
        session.run(sql::note_configured(names, claimant), call);
    });
}

void PostgresDatabase::as_tenant(
    const ServerAccess& access,
    const TenantNames& names,
    const RoleName& login,
    const Sensitive& password,
    const CallContext& call,
    const Work& work
) {
    const Endpoint endpoint{
        access.host,
        access.port,
        names.database.str(),
        login.str(),
        password,
        access.ca_pem,
        SessionKind::Tenant,
        false};
    try {
        auto lease = pool_.take(endpoint, call);
        const auto rows =
            lease->run({"SELECT session_user, current_user, current_database()"}, call);
        if (cell(rows, 0) != login.str() || cell(rows, 1) != names.owner.str() ||
            cell(rows, 2) != names.database.str()) {
            throw Error(
                {FailureClass::Conflict,
                 FailureOrigin::Postgres,
                 "LoginRejected",
                 "PostgreSQL " + to_string(endpoint) + ": the login acts as \"" + cell(rows, 1) +
                     "\" instead of \"" + names.owner.str() + "\". It is set again."}
            );
        }
        work(*lease);
    } catch (const Error& error) {
        auto failure = error.failure();
        if (failure.code == "AuthRejected") {
            failure.code = "LoginRejected";
        }
        throw Error(std::move(failure));
    }
}

void PostgresDatabase::prove_runtime_login(
    const ServerAccess& access,
    const TenantNames& names,
    const Sensitive& password,
    const CallContext& call
) {
    as_tenant(access, names, names.login_a, password, call, [](Connection&) {});
}

void PostgresDatabase::prove_migration_login(
    const ServerAccess& access,
    const TenantNames& names,
    const Sensitive& password,
    const CallContext& call
) {
    as_tenant(access, names, names.migrate, password, call, [&](Connection& session) {
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

AppliedMigrations PostgresDatabase::read_migrations(
    const ServerAccess& access,
    const TenantNames& names,
    const Sensitive& migrate_password,
    const CallContext& call
) {
    AppliedMigrations applied;
    as_tenant(access, names, names.migrate, migrate_password, call, [&](Connection& session) {
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
    });
    return applied;
}

void PostgresDatabase::record_passed_image(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const ImageRef& image,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(
            {sql::require_claim(names, claimant), sql::record_passed_image(names, claimant, image)},
            call
        );
    });
}

void PostgresDatabase::retire(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::retire(names, claimant), call);
    });
    try {
        as_admin(access, call, [&](Connection& session) {
            session.run(sql::end_sessions(names, claimant), call);
        });
    } catch (const Error& error) {
        // New logins are shut already; sessions of others can be ended with more rights only.
        if (error.failure().code != "AdminRightsMissing") {
            throw;
        }
    }
}

}  // namespace djdb::postgres
