#include "controller/postgres/postgres_database.hpp"

#include "controller/postgres/administrator.hpp"
#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/session/race_retry.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/sql/adopt/adopt.hpp"
#include "reconcilers/sql/inspect/catalog.hpp"
#include "reconcilers/sql/inspect/drift.hpp"
#include "reconcilers/sql/inspect/tenant.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/contents.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace djdb::postgres {
namespace {

Endpoint maintenance(const ServerAccess& access) {
    return admin_endpoint(access, access.maintenance_database);
}

bool is_ledger_missing(const std::string& state) {
    return state == "42P01" || state == "3F000";
}

}  // namespace

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
    } else if (failure.code == sql::kForeignSchema) {
        told.code = "AdoptionRefused";
        told.message +=
            ". Nothing in the database was changed; take the schema out of spec.database.schemas, "
            "rename it, or give it to the owner role.";
    } else if (failure.code == sql::kNotOurClaim) {
        told.code = "ClaimLost";
    } else if (failure.code == sql::kAdoptionRefused) {
        told.code = "AdoptionRefused";
        told.kind = FailureClass::Terminal;
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

Error explained_within(
    const Failure& failure, const TenantNames& names, const std::string& administrator
) {
    if (failure.code != "42501") {
        return explained(failure, names.database.str());
    }
    auto told = failure;
    told.code = "AdminRightsMissing";
    told.message += " In database \"" + names.database.str() +
                    "\" let a superuser, or the owner of the object, run what was refused; or, for "
                    "an object of the owner role, run GRANT " +
                    sql::quote_identifier(names.owner.str()) + " TO " +
                    sql::quote_identifier(administrator) + ".";
    return Error(std::move(told));
}

const std::string& cell(const Rows& rows, std::size_t column) {
    static const std::string kNone;
    if (rows.empty()) {
        return kNone;
    }
    const auto& value = rows.front().at(column);
    return value ? *value : kNone;
}

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
        lease->read_answers([&] { work(*lease); });
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
        lease->read_answers([&] { work(*lease); });
        return;
    } catch (const Error& error) {
        if (!is_ledger_missing(error.failure().code)) {
            throw;
        }
        lease->run_batch(sql::create_ledger(), call);
    }
    lease->read_answers([&] { work(*lease); });
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

void PostgresDatabase::within(
    const ServerAccess& access, const TenantNames& names, const CallContext& call, const Work& work
) {
    auto endpoint = admin_endpoint(access, names.database.str());
    endpoint.is_reusable = false;
    try {
        repeat_races(call, [&] {
            auto lease = pool_.take(endpoint, call);
            lease->read_answers([&] { work(*lease); });
        });
    } catch (const Error& error) {
        throw explained_within(error.failure(), names, access.admin_user);
    }
}

TenantFacts PostgresDatabase::inspect_tenant(
    const ServerAccess& access,
    const TenantNames& names,
    const TenantSetup& setup,
    const Claimant& claimant,
    const CallContext& call
) {
    TenantFacts facts;
    as_admin(access, call, [&](Connection& session) {
        const auto rows = session.run(sql::inspect_tenant(names, setup, claimant), call);
        facts = sql::tenant_facts(rows.at(0), names, setup, claimant);
        if (!setup.extensions.empty()) {
            for (const auto& row : session.run(sql::known_extensions(setup), call)) {
                facts.extensions.push_back(
                    {row.at(0).value_or(""), row.at(1) == "t", row.at(2) == "t"}
                );
            }
        }
    });
    return facts;
}

std::vector<Drift> PostgresDatabase::inspect_contents(
    const ServerAccess& access,
    const TenantNames& names,
    const TenantSetup& setup,
    const TenantFacts& facts,
    const CallContext& call
) {
    std::vector<Drift> drift;
    within(access, names, call, [&](Connection& session) {
        const auto rows = session.run(sql::inspect_contents(names, setup), call);
        drift = sql::find_contents_drift(
            names, setup, facts.shares_public_schema, nlohmann::json::parse(cell(rows, 0))
        );
    });
    return drift;
}

std::map<DatabaseName, std::string> PostgresDatabase::fingerprint_tenants(
    const ServerAccess& access, const std::vector<DatabaseName>& databases, const CallContext& call
) {
    std::map<DatabaseName, std::string> found;
    as_admin(access, call, [&](Connection& session) {
        for (const auto& row : session.run(sql::fingerprint_tenants(databases), call)) {
            found.insert_or_assign(DatabaseName(row.at(0).value_or("")), row.at(1).value_or(""));
        }
    });
    return found;
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

}  // namespace djdb::postgres
