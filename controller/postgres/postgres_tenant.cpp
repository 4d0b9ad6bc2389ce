#include "controller/postgres/postgres_tenant.hpp"

#include "reconcilers/sql/inspect/catalog.hpp"
#include "reconcilers/sql/inspect/server_drift.hpp"
#include "reconcilers/sql/inspect/sessions.hpp"
#include "reconcilers/sql/inspect/tenant.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/ledger/judged.hpp"
#include "reconcilers/sql/ledger/passed.hpp"
#include "reconcilers/sql/provision/contents.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace djdb::postgres {

TenantFacts PostgresTenant::inspect(const CallContext& call) {
    TenantFacts facts;
    as_admin(call, [&](Connection& session) {
        const auto rows = session.run(sql::inspect_tenant(names_, setup_, claimant_), call);
        facts = sql::tenant_facts(rows.at(0), names_, setup_, claimant_);
        if (!setup_.extensions.empty()) {
            for (const auto& row : session.run(sql::known_extensions(setup_), call)) {
                facts.extensions.push_back(
                    {row.at(0).value_or(""), row.at(1) == "t", row.at(2) == "t"}
                );
            }
        }
    });
    return facts;
}

std::vector<Drift> PostgresTenant::inspect_contents(
    const TenantFacts& facts, const CallContext& call
) {
    std::vector<Drift> drift;
    within(call, [&](Connection& session) {
        const auto rows = session.run(sql::inspect_contents(names_, setup_), call);
        drift = sql::find_contents_drift(
            names_, setup_, facts.shares_public_schema, nlohmann::json::parse(cell(rows, 0))
        );
    });
    return drift;
}

std::vector<JudgedMigration> PostgresTenant::read_judgements(const CallContext& call) {
    std::vector<JudgedMigration> judged;
    as_admin(call, [&](Connection& session) {
        judged = sql::judgements_in(session.run(sql::read_judgements(names_), call));
    });
    return judged;
}

void PostgresTenant::record_judgements(
    const std::vector<JudgedMigration>& judged,
    const std::vector<std::string>& applied,
    const CallContext& call
) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::record_judgements(names_, claimant_, judged, applied), call);
    });
}

std::vector<AppSession> PostgresTenant::read_sessions(
    const LoginId& login, const CallContext& call
) {
    std::vector<AppSession> sessions;
    as_admin(call, [&](Connection& session) {
        sessions =
            sql::sessions_in(session.run(sql::read_sessions(names_, names_.role(login)), call));
    });
    return sessions;
}

void PostgresTenant::record_passed(
    const std::vector<PassedTemplate>& passed, const CallContext& call
) {
    sql::Batch batch{sql::require_claim(names_, claimant_)};
    for (const auto& one : passed) {
        batch.push_back(sql::record_passed(names_, claimant_, one));
        std::ranges::move(sql::ask_for_verification(names_, one), std::back_inserter(batch));
        batch.push_back(sql::record_passed_image(names_, claimant_, one.image));
    }
    std::ranges::move(sql::forget_passed(names_, passed.size()), std::back_inserter(batch));
    as_admin(call, [&](Connection& session) { session.run_batch(batch, call); });
}

void PostgresTenant::record_verified(
    const std::vector<PassedTemplate>& verified, const std::string& said, const CallContext& call
) {
    sql::Batch batch{sql::require_claim(names_, claimant_)};
    for (const auto& one : verified) {
        batch.push_back(sql::record_verified(names_, one, said));
    }
    as_admin(call, [&](Connection& session) { session.run_batch(batch, call); });
}

}  // namespace djdb::postgres
