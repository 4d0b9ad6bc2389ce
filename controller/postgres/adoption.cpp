// The port's part by which a database comes to a resource that did not make it: adoption, transfer,
// and the return to what a predecessor left.
#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/postgres_tenant.hpp"
#include "reconcilers/sql/adopt/adopt.hpp"
#include "reconcilers/sql/adopt/transfer.hpp"
#include "reconcilers/sql/remove/retire.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace djdb::postgres {
namespace {

constexpr std::size_t kMostLines = 10;

[[noreturn]] void refuse(const DatabaseName& database, const std::string& why) {
    throw Error(
        {.kind = FailureClass::Terminal,
         .origin = FailureOrigin::Postgres,
         .message = "Database \"" + database.str() + "\" can't be taken over: " + why +
                    ". Nothing was changed in it.",
         .reason = Reason::AdoptionRefused}
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

void PostgresTenant::claim_existing(const std::vector<RoleName>& owners, const CallContext& call) {
    std::string oid;
    std::optional<std::string> why_not = "it does not exist any more";
    as_admin(call, [&](Connection& session) {
        for (const auto& row : session.run(sql::find_adoptable(names_), call)) {
            oid = row.at(0).value_or("");
            why_not = row.at(2);
        }
    });
    if (why_not) {
        refuse(names_.database, *why_not);
    }
    std::string obstacles;
    within(call, [&](Connection& session) {
        obstacles = first_lines(session.run(sql::list_obstacles_of_adoption(names_, owners), call));
    });
    if (!obstacles.empty()) {
        refuse(
            names_.database,
            obstacles + ". Objects of more roles are taken over if grants.adopt[].owners names them"
        );
    }
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::claim_existing(names_, setup_, claimant_, oid, owners), call);
    });
}

void PostgresTenant::adopt(const CallContext& call) {
    std::string oid;
    std::string owners;
    as_admin(call, [&](Connection& session) {
        const auto adoption = session.run(sql::find_adoption(names_, claimant_), call);
        oid = cell(adoption, 0);
        owners = cell(adoption, 1);
    });
    if (oid.empty()) {
        return;  // done before
    }
    try {
        within(call, [&](Connection& session) {
            session.run_batch(sql::adopt(names_, oid, owners), call);
        });
    } catch (const Error& error) {
        // It is not ours to open yet.
        if (error.failure().code == kDatabaseClosed) {
            refuse(
                names_.database,
                "it is closed to connections; let its owner run ALTER DATABASE " +
                    sql::quote_identifier(names_.database.str()) + " ALLOW_CONNECTIONS true"
            );
        }
        throw;
    }
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::note_adopted(names_, claimant_), call);
    });
}

void PostgresTenant::transfer(const CallContext& call) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::transfer(names_, claimant_), call);
    });
    end_sessions({}, call);
}

void PostgresTenant::reattach(const CallContext& call) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::reattach(names_, claimant_), call);
    });
    end_sessions({}, call);
}

}  // namespace djdb::postgres
