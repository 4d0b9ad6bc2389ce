// The port's part that makes: claim and roles, database, grants.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/database_port.hpp"
#include "controller/postgres/race_retry.hpp"
#include "controller/postgres/scram.hpp"
#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/database.hpp"
#include "reconcilers/sql/roles.hpp"

#include <utility>

namespace djdb::postgres {

namespace {

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

void PostgresDatabase::claim_and_create_roles(
    const ServerAccess& access,
    const TenantNames& names,
    const TenantSetup& setup,
    const Claimant& claimant,
    const TenantPasswords& passwords,
    const CallContext& call
) {
    const sql::Verifiers verifiers{
        scram_verifier(passwords.runtime), scram_verifier(passwords.migrate)};
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(
            sql::claim_and_create_roles(
                names, setup, claimant, verifiers, session.server_version()
            ),
            call
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
    const TenantSetup& setup,
    const Claimant& claimant,
    const CallContext& call
) {
    sql::Batch hand_over;
    as_admin(access, call, [&](Connection& session) {
        hand_over =
            sql::hand_over_schema(names, setup, session.server_version(), session.is_superuser());
        session.run_batch(sql::configure_database(names, setup, claimant), call);
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

}  // namespace djdb::postgres
