// The port's part that ends: logins, sessions, databases.
#include "controller/postgres/postgres_tenant.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/remove/drop.hpp"
#include "reconcilers/sql/remove/retire.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

/// How long sessions may end by themselves once nobody can log in any more.
constexpr auto kDrain = 3s;

std::string sentences(const Rows& rows) {
    std::string all;
    for (const auto& row : rows) {
        all += (all.empty() ? "" : "; ") + row.at(0).value_or("");
    }
    return all;
}

Error obstructed(const DatabaseName& database, const std::string& what) {
    return Error(
        {.kind = FailureClass::Terminal,
         .origin = FailureOrigin::Postgres,
         .message = "Database \"" + database.str() +
                    "\" can't be dropped yet, its logins are disabled: " + what +
                    ". It is tried again; with spec.deletion.policy Retain it is kept.",
         .reason = Reason::DropObstructed}
    );
}

/// A superuser's session that is just ending is seen by DROP DATABASE and nowhere else, and refuses
/// it for a moment. Each attempt looks anew whose the name is.
void drop_claimed_database(
    Connection& session, const TenantNames& names, const Claimant& claimant, const CallContext& call
) {
    std::optional<Error> refused;
    const bool done = wait_for(kEnding, call, [&] {
        if (session.run(sql::find_droppable(names, claimant), call).empty()) {
            return true;
        }
        try {
            session.run(sql::drop_database(names), call);
            return true;
        } catch (const Error& error) {
            if (error.failure().code != "42501") {
                throw;
            }
            refused = error;
            return false;
        }
    });
    if (!done && refused) {
        throw Error(*refused);
    }
}

}  // namespace

void PostgresTenant::end_sessions(std::chrono::milliseconds drain, const CallContext& call) {
    try {
        as_admin(call, [&](Connection& session) {
            wait_for(drain, call, [&] {
                return cell(session.run(sql::count_sessions(names_, claimant_), call), 0) == "0";
            });
            session.run(sql::end_sessions(names_, claimant_), call);
        });
    } catch (const Error& error) {
        // The logins are disabled already; sessions of others can be ended with more rights only.
        if (error.failure().reason != Reason::AdminRightsMissing) {
            throw;
        }
    }
}

std::vector<std::string> PostgresTenant::retire(const CallContext& call) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::note_deleted(names_, claimant_), call);
        session.run_batch(sql::retire(names_, claimant_), call);
    });
    end_sessions(kDrain, call);
    std::vector<RoleName> foreign_owners;
    as_admin(call, [&](Connection& session) {
        foreign_owners.clear();
        for (const auto& row : session.run(sql::find_foreign_owners(names_, claimant_), call)) {
            foreign_owners.emplace_back(row.at(0).value_or(""));
        }
    });
    if (!foreign_owners.empty()) {
        within(call, [&](Connection& session) {
            session.run_batch(sql::disown(names_, claimant_, foreign_owners), call);
        });
    }
    std::vector<std::string> kept;
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::drop_logins(names_, claimant_), call);
        kept.clear();
        for (const auto& row : session.run(sql::list_kept_logins(names_, claimant_), call)) {
            kept.push_back(row.at(0).value_or(""));
        }
    });
    return kept;
}

void PostgresTenant::drop_database(const CallContext& call) {
    admin_.run_locking(access_, call, [&](Connection& session) {
        if (cell(session.run(sql::begin_dropping(names_), call), 0) != "t") {
            throw Error(
                {.kind = FailureClass::Transient,
                 .origin = FailureOrigin::Postgres,
                 .message = "Another database of the server is being dropped; one at a time.",
                 .reason = Reason::Deleting}
            );
        }
        drop_claimed_database(session, names_, claimant_, call);
    });
}

void PostgresTenant::drop(const CallContext& call) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::note_deleted(names_, claimant_), call);
        session.run_batch(sql::disable_logins(names_, claimant_), call);
        session.run(sql::end_all_sessions(names_, claimant_), call);
        Rows obstacles;
        wait_for(kEnding, call, [&] {
            obstacles = session.run(sql::list_obstacles_of_drop(names_, claimant_), call);
            return std::ranges::none_of(obstacles, [](const auto& row) {
                return row.at(1) == "t";
            });
        });
        if (!obstacles.empty()) {
            throw obstructed(names_.database, sentences(obstacles));
        }
        session.run_batch(sql::close(names_, claimant_), call);
    });
    try {
        drop_database(call);
        as_admin(call, [&](Connection& session) {
            session.run_batch(sql::drop_roles_and_claim(names_, claimant_), call);
        });
    } catch (const Error& error) {
        const auto& failure = error.failure();
        if (failure.code == "2BP01" || failure.code == "42501" ||
            failure.reason == Reason::AdminRightsMissing) {
            throw obstructed(names_.database, failure.message);
        }
        throw;
    }
}

}  // namespace djdb::postgres
