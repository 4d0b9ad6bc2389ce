#include "controller/postgres/postgres_database.hpp"

#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/postgres_tenant.hpp"
#include "crds/text.hpp"
#include "reconcilers/sql/inspect/catalog.hpp"
#include "reconcilers/sql/inspect/server.hpp"

#include <chrono>
#include <thread>

namespace djdb::postgres {
namespace {

constexpr const char* kElsewhere = "postgres";
/// A server writes what was not committed synchronously within 3 times wal_writer_delay, 0.6 s.
constexpr std::chrono::seconds kFlushWithin{1};
constexpr std::chrono::milliseconds kLookAgain{50};

/// The ledger's revision is seen before the transaction that raised it is on disk. A server that
/// crashes in that moment comes back without it, and would be taken for one of the past.
bool is_on_disk(Connection& session, const CallContext& call) {
    try {
        const auto end = cell(session.run(sql::find_end_of_wal(), call), 0);
        const auto until = call.deadline.or_earlier(kFlushWithin);
        while (cell(session.run(sql::is_flushed(end), call), 0) != "t") {
            if (until.has_passed() || call.stop.stop_requested()) {
                return false;
            }
            std::this_thread::sleep_for(kLookAgain);
        }
        return true;
    } catch (const Error& error) {
        if (error.failure().kind == FailureClass::Transient) {
            throw;
        }
        return true;  // some providers do not tell
    }
}

ServerFacts look(Connection& session, const ServerAccess& access, const CallContext& call) {
    auto facts =
        sql::server_facts(session.run(sql::inspect_server(access.maintenance_database), call).at(0)
        );
    facts.identity = session.identity();
    auto& revision = facts.identity.ledger_revision;
    if (revision > access.address.identity.expected.ledger_revision && !is_on_disk(session, call)) {
        revision = access.address.identity.expected.ledger_revision;
    }
    if (facts.has_ledger && facts.administrator.ledger_owner.empty()) {
        facts.claims = std::stoll(cell(session.run(sql::count_claims(), call), 0));
    }
    facts.tls_version = session.tls_version();
    if (const auto expiry = session.certificate_expiry()) {
        facts.certificate_expiry = format_time(*expiry);
    }
    return facts;
}

}  // namespace

PostgresDatabase::PostgresDatabase() {
    forget_libpq_environment();
}

std::unique_ptr<TenantDatabase> PostgresDatabase::of(
    const ServerAccess& access, const Tenant& tenant
) {
    return std::make_unique<PostgresTenant>(pool_, access, tenant);
}

ServerFacts PostgresDatabase::inspect_server(const ServerAccess& access, const CallContext& call) {
    const auto look_from = [&](Endpoint endpoint) {
        endpoint.is_reusable = false;
        try {
            const auto session = pool_.take(endpoint, call);
            ServerFacts facts;
            session->read_answers([&] { facts = look(*session, access, call); });
            return facts;
        } catch (const Error& error) {
            // What the maintenance database refuses is told by its code; see below.
            if (error.failure().code == kMayNotConnect && endpoint.database != kElsewhere) {
                throw;
            }
            throw explained(error.failure(), access.maintenance_database);
        }
    };
    try {
        return look_from(admin_endpoint(access, access.maintenance_database));
    } catch (const Error& error) {
        const auto& code = error.failure().code;
        const auto& reason = error.failure().reason;
        auto elsewhere = admin_endpoint(access, kElsewhere);
        if (reason == Reason::DatabaseMissing || code == kDatabaseClosed) {
            return look_from(elsewhere
            );  // and no ledger, which is one of the past if there was one
        }
        if (code != kMayNotConnect || reason) {
            throw;
        }
        elsewhere.server.identity.expected.ledger_revision = 0;
        auto facts = look_from(elsewhere);
        facts.identity.ledger_revision = access.address.identity.expected.ledger_revision;
        return facts;
    }
}

AdministratorFacts PostgresDatabase::inspect_administrator(
    const ServerAccess& access, const CallContext& call
) {
    ServerFacts facts;
    admin_.run(access, call, [&](Connection& session) {
        facts = sql::server_facts(
            session.run(sql::inspect_server(access.maintenance_database), call).at(0)
        );
    });
    if (sql::ignores_role_setting(facts.version_number)) {
        throw Error(
            {.kind = FailureClass::Terminal,
             .origin = FailureOrigin::Postgres,
             .message = "PostgreSQL " +
                        address_of(admin_endpoint(access, access.maintenance_database)) +
                        " has version " + facts.version +
                        ", which ignores ALTER ROLE .. SET role (fixed in the next minor release). "
                        "Nothing was changed; update the server.",
             .reason = Reason::BrokenServerVersion}
        );
    }
    return facts.administrator;
}

std::map<DatabaseName, std::string> PostgresDatabase::fingerprint_tenants(
    const ServerAccess& access, const std::vector<DatabaseName>& databases, const CallContext& call
) {
    std::map<DatabaseName, std::string> found;
    admin_.run(access, call, [&](Connection& session) {
        for (const auto& row : session.run(sql::fingerprint_tenants(databases), call)) {
            found.insert_or_assign(DatabaseName(row.at(0).value_or("")), row.at(1).value_or(""));
        }
    });
    return found;
}

}  // namespace djdb::postgres
