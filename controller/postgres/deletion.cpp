// The port's part that ends: logins, sessions, databases.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/postgres_database.hpp"
#include "controller/postgres/session/race_retry.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/remove/drop.hpp"
#include "reconcilers/sql/remove/retire.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

/// How long sessions may end by themselves once nobody can log in any more.
constexpr auto kDrain = 3s;
/// How long a session may take to obey.
constexpr auto kEnding = 5s;
constexpr auto kLookAgain = 100ms;

/// Asks until the answer is yes or the span is over.
bool wait_for(
    std::chrono::milliseconds span, const CallContext& call, const std::function<bool()>& answer
) {
    const auto until = call.deadline.or_earlier(span);
    while (!answer()) {
        if (until.has_passed() || call.stop.stop_requested()) {
            return false;
        }
        std::this_thread::sleep_for(kLookAgain);
    }
    return true;
}

std::string sentences(const Rows& rows) {
    std::string all;
    for (const auto& row : rows) {
        all += (all.empty() ? "" : "; ") + row.at(0).value_or("");
    }
    return all;
}

Error obstructed(const DatabaseName& database, const std::string& what) {
    return Error(
        {FailureClass::Terminal,
         FailureOrigin::Postgres,
         "DropObstructed",
         "Database \"" + database.str() + "\" can't be dropped yet, its logins are shut: " + what +
             ". It is tried again; with spec.deletion.policy Retain it is kept."}
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

void PostgresDatabase::end_sessions(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    std::chrono::milliseconds drain,
    const CallContext& call
) {
    try {
        as_admin(access, call, [&](Connection& session) {
            wait_for(drain, call, [&] {
                return cell(session.run(sql::count_sessions(names, claimant), call), 0) == "0";
            });
            session.run(sql::end_sessions(names, claimant), call);
        });
    } catch (const Error& error) {
        // New logins are shut already; sessions of others can be ended with more rights only.
        if (error.failure().code != "AdminRightsMissing") {
            throw;
        }
    }
}

std::vector<std::string> PostgresDatabase::retire(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::retire(names, claimant), call);
    });
    end_sessions(access, names, claimant, kDrain, call);
    std::vector<RoleName> strays;
    as_admin(access, call, [&](Connection& session) {
        strays.clear();
        for (const auto& row : session.run(sql::find_strays(names, claimant), call)) {
            strays.emplace_back(row.at(0).value_or(""));
        }
    });
    if (!strays.empty()) {
        within(access, names, call, [&](Connection& session) {
            session.run_batch(sql::disown(names, claimant, strays), call);
        });
    }
    std::vector<std::string> kept;
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::drop_logins(names, claimant), call);
        kept.clear();
        for (const auto& row : session.run(sql::list_kept_logins(names, claimant), call)) {
            kept.push_back(row.at(0).value_or(""));
        }
    });
    return kept;
}

void PostgresDatabase::drop_database(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    // A session of its own: what it sets and locks ends with it.
    auto endpoint = admin_endpoint(access, access.maintenance_database);
    endpoint.is_reusable = false;
    repeat_races(call, [&] {
        const auto session = pool_.take(endpoint, call);
        session->read_answers([&] {
            if (cell(session->run(sql::begin_dropping(names), call), 0) != "t") {
                throw Error(
                    {FailureClass::Transient,
                     FailureOrigin::Postgres,
                     "Deleting",
                     "Another database of the server is being dropped; one at a time."}
                );
            }
            drop_claimed_database(*session, names, claimant, call);
        });
    });
}

void PostgresDatabase::drop(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::shut(names, claimant), call);
        session.run(sql::end_all_sessions(names, claimant), call);
        Rows obstacles;
        wait_for(kEnding, call, [&] {
            obstacles = session.run(sql::list_obstacles_of_drop(names, claimant), call);
            return std::ranges::none_of(obstacles, [](const auto& row) {
                return row.at(1) == "t";
            });
        });
        if (!obstacles.empty()) {
            throw obstructed(names.database, sentences(obstacles));
        }
        session.run_batch(sql::close(names, claimant), call);
    });
    try {
        drop_database(access, names, claimant, call);
        as_admin(access, call, [&](Connection& session) {
            session.run_batch(sql::drop_roles_and_claim(names, claimant), call);
        });
    } catch (const Error& error) {
        const auto& code = error.failure().code;
        if (code == "2BP01" || code == "42501" || code == "AdminRightsMissing") {
            throw obstructed(names.database, error.failure().message);
        }
        throw;
    }
}

}  // namespace djdb::postgres
