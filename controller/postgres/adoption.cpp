// The port's part by which a database comes to a resource that did not make it: adoption, transfer,
// and the return to what a predecessor left.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/database_port.hpp"
#include "reconcilers/sql/adopt.hpp"
#include "reconcilers/sql/retire.hpp"
#include "reconcilers/sql/transfer.hpp"

#include <algorithm>

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
    Rows found;
    as_admin(access, call, [&](Connection& session) {
        found = session.run(sql::find_adoptable(names), call);
    });
    if (found.empty()) {
        refuse(names.database, "it does not exist any more");
    }
    if (const auto& why_not = found.at(0).at(2); why_not.has_value()) {
        refuse(names.database, *why_not);
    }
    Rows obstacles;
    within(access, names, call, [&](Connection& session) {
        obstacles = session.run(sql::list_obstacles_of_adoption(names, owners), call);
    });
    if (!obstacles.empty()) {
        refuse(
            names.database,
            first_lines(obstacles) +
                ". Objects of more roles are taken over if grants.adopt[].owners names them"
        );
    }
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(
            sql::claim_existing(names, setup, claimant, cell(found, 0), owners), call
        );
    });
}

void PostgresDatabase::adopt(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    Rows adoption;
    as_admin(access, call, [&](Connection& session) {
        adoption = session.run(sql::find_adoption(names, claimant), call);
    });
    if (adoption.empty()) {
        return;  // done before
    }
    within(access, names, call, [&](Connection& session) {
        session.run_batch(sql::adopt(names, cell(adoption, 0), cell(adoption, 1)), call);
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
