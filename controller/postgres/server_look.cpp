// The port's part that looks at the server itself, and changes nothing.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/database_port.hpp"
#include "crds/text.hpp"
#include "reconcilers/sql/server.hpp"

namespace djdb::postgres {
namespace {

constexpr const char* kElsewhere = "postgres";
constexpr const char* kMayNotConnect = "42501";

ServerFacts look(
    Connection& session, const std::string& maintenance_database, const CallContext& call
) {
    auto facts =
        sql::server_facts(session.run(sql::inspect_server(maintenance_database), call).at(0));
    facts.identity = session.identity();
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

ServerFacts PostgresDatabase::inspect_server(const ServerAccess& access, const CallContext& call) {
    const auto look_from = [&](Endpoint endpoint) {
        endpoint.is_reusable = false;
        try {
            return look(*pool_.take(endpoint, call), access.maintenance_database, call);
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
        auto elsewhere = admin_endpoint(access, kElsewhere);
        if (code == "DatabaseMissing" || code == "55000") {
            return look_from(elsewhere
            );  // and no ledger, which is one of the past if there was one
        }
        if (code != kMayNotConnect) {
            throw;
        }
        elsewhere.expected.ledger_revision = 0;
        auto facts = look_from(elsewhere);
        facts.identity.ledger_revision = access.expected.ledger_revision;
        return facts;
    }
}

AdministratorFacts PostgresDatabase::inspect_administrator(
    const ServerAccess& access, const CallContext& call
) {
    ServerFacts facts;
    as_admin(access, call, [&](Connection& session) {
        facts = sql::server_facts(
            session.run(sql::inspect_server(access.maintenance_database), call).at(0)
        );
    });
    if (sql::ignores_role_setting(facts.version_number)) {
        throw Error(
            {FailureClass::Terminal,
             FailureOrigin::Postgres,
             "BrokenServerVersion",
             "PostgreSQL " + address_of(admin_endpoint(access, access.maintenance_database)) +
                 " has version " + facts.version +
                 ", which ignores ALTER ROLE .. SET role (fixed in the next minor release). "
                 "Nothing was changed; update the server."}
        );
    }
    return facts.administrator;
}

}  // namespace djdb::postgres
