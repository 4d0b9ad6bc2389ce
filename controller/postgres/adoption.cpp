// The port's part by which a database comes to a resource that did not make it: adoption, transfer,
// and the return to what a predecessor left.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/postgres_database.hpp"
#include "reconcilers/sql/adopt/adopt.hpp"
#include "reconcilers/sql/adopt/transfer.hpp"
#include "reconcilers/sql/remove/retire.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace djdb::postgres {
namespace {

constexpr std::size_t kMostLines = 10;

[[noreturn]] void refuse(const DatabaseName& database, const std::string& why) {
    throw Error(
        {FailureClass::Terminal,
         FailureOrigin::Postgres,
         "AdoptionRefused",
         "Database \"" + database.str() + "\" can't be taken over: " + why +
             ". Nothing was changed in it."}
    );
}

std::string first_lines(const Rows& rows) {
    std::string lines;
    for (std::size_t i = 0; i < std::min(rows.size(), kMostLines); ++i) {
        lines += (i == 0 ? "" : "; ") + rows[i].at(0).value_or("");
    }
    if (rows.size() > kMostLines) {
        lines += "; and " + std::to_string(rows.size() - kMostLines) + " more";
    }
    return lines;
}

}  // namespace

void PostgresDatabase::claim_existing(
    const ServerAccess& access,
    const TenantNames& names,
    const TenantSetup& setup,
    const Claimant& claimant,
    const std::vector<RoleName>& owners,
    const CallContext& call
) {
    std::string oid;
    std::optional<std::string> why_not = "it does not exist any more";
    as_admin(access, call, [&](Connection& session) {
        for (const auto& row : session.run(sql::find_adoptable(names), call)) {
            oid = row.at(0).value_or("");
            why_not = row.at(2);
        }
    });
    if (why_not) {
        refuse(names.database, *why_not);
    }
    std::string obstacles;
    within(access, names, call, [&](Connection& session) {
        obstacles = first_lines(session.run(sql::list_obstacles_of_adoption(names, owners), call));
    });
    if (!obstacles.empty()) {
        refuse(
            names.database,
            obstacles + ". Objects of more roles are taken over if grants.adopt[].owners names them"
        );
    }
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::claim_existing(names, setup, claimant, oid, owners), call);
    });
}

void PostgresDatabase::adopt(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    std::string oid;
    std::string owners;
    as_admin(access, call, [&](Connection& session) {
        const auto adoption = session.run(sql::find_adoption(names, claimant), call);
        oid = cell(adoption, 0);
        owners = cell(adoption, 1);
    });
    if (oid.empty()) {
        return;  // done before
    }
    within(access, names, call, [&](Connection& session) {
        session.run_batch(sql::adopt(names, oid, owners), call);
    });
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::note_adopted(names, claimant), call);
    });
}

void PostgresDatabase::transfer(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::transfer(names, claimant), call);
    });
    end_sessions(access, names, claimant, {}, call);
}

void PostgresDatabase::reattach(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::reattach(names, claimant), call);
    });
    end_sessions(access, names, claimant, {}, call);
}

}  // namespace djdb::postgres
