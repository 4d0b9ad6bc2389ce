#include "controller/postgres/admin_sessions.hpp"

#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/session/race_retry.hpp"
#include "reconcilers/sql/adopt/adopt.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/contents.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <thread>
#include <utility>

namespace djdb::postgres {
namespace {

bool is_ledger_missing(const std::string& state) {
    return state == "42P01" || state == "3F000";
}

/// Of work in a tenant's database, whose objects are the owner role's.
Error explained_within(
    const Failure& failure, const TenantNames& names, const std::string& administrator
) {
    if (failure.code != "42501" || failure.reason) {
        return explained(failure, names.database.str());
    }
    auto told = failure;
    told.reason = Reason::AdminRightsMissing;
    told.message += " In database \"" + names.database.str() +
                    "\" let a superuser, or the owner of the object, run what was refused; or, for "
                    "an object of the owner role, run GRANT " +
                    sql::quote_identifier(names.owner.str()) + " TO " +
                    sql::quote_identifier(administrator) + ".";
    return Error(std::move(told));
}

}  // namespace

Error explained(const Failure& failure, const std::string& database) {
    if (failure.reason) {
        return Error(failure);
    }
    auto told = failure;
    const std::string untouched =
        " Nothing was changed; delete this resource and create it with another spec.database.name";
    if (failure.code == sql::kClaimedByOther) {
        told.reason = Reason::OwnershipConflict;
        told.message += untouched + ".";
    } else if (failure.code == sql::kForeignRole) {
        told.reason = Reason::RoleConflict;
        told.message += untouched + ", or drop the role.";
    } else if (failure.code == sql::kForeignDatabase) {
        told.reason = Reason::AdoptionNotGranted;
        told.message += untouched + ".";
    } else if (failure.code == sql::kForeignSchema) {
        told.reason = Reason::AdoptionRefused;
        told.message +=
            ". Nothing in the database was changed; take the schema out of spec.database.schemas, "
            "rename it, or give it to the owner role.";
    } else if (failure.code == sql::kNotOurClaim) {
        told.reason = Reason::ClaimLost;
    } else if (failure.code == sql::kAdoptionRefused) {
        told.reason = Reason::AdoptionRefused;
        told.kind = FailureClass::Terminal;
    } else if (failure.code == "42501") {
        told.reason = Reason::AdminRightsMissing;
        told.message +=
            " The administrator needs LOGIN CREATEDB CREATEROLE, CREATE on the "
            "maintenance database, and from PostgreSQL 16 on to be the one who made the "
            "roles of \"" +
            database + "\".";
    }
    return Error(std::move(told));
}

void create_if_missing(
    Connection& session, const sql::Statement& create_database, const CallContext& call
) {
    try {
        session.run(create_database, call);
    } catch (const Error& error) {
        auto told = error.failure();
        if (told.code == "42P04" || told.code == "23505") {
            return;
        }
        if (told.code == "22023") {
            told.reason = Reason::LocaleNotUTF8;
            told.message +=
                " Every database is made from template0 in UTF-8. A superuser should run: " +
                std::string(sql::kMakeTemplateUtf8);
        }
        throw Error(std::move(told));
    }
}

bool wait_for(
    std::chrono::milliseconds span, const CallContext& call, const std::function<bool()>& answer
) {
    constexpr std::chrono::milliseconds kLookAgain{100};
    const auto until = call.deadline.or_earlier(span);
    while (!answer()) {
        if (until.has_passed() || call.stop.stop_requested()) {
            return false;
        }
        std::this_thread::sleep_for(kLookAgain);
    }
    return true;
}

const std::string& cell(const Rows& rows, std::size_t column) {
    static const std::string kNone;
    if (rows.empty()) {
        return kNone;
    }
    const auto& value = rows.front().at(column);
    return value ? *value : kNone;
}

void AdminSessions::make_maintenance_database(const ServerAccess& access, const CallContext& call) {
    const DatabaseName name(access.maintenance_database);
    auto elsewhere = admin_endpoint(access, "postgres");
    elsewhere.is_reusable = false;
    const auto lease = pool_.take(elsewhere, call);
    lease->run(sql::take_time(), call);
    create_if_missing(*lease, sql::create_maintenance_database(name), call);
    lease->run_batch(sql::open_maintenance_database(name), call);
}

void AdminSessions::make_ledger(const Endpoint& endpoint, const CallContext& call) {
    const auto lease = pool_.take(endpoint, call);
    lease->run_batch(sql::create_ledger(), call);
}

void AdminSessions::attempt(
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
        } else if (error.failure().reason == Reason::DatabaseMissing || code == kDatabaseClosed) {
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

void AdminSessions::run(const ServerAccess& access, const CallContext& call, const Work& work) {
    const auto endpoint = admin_endpoint(access, access.maintenance_database);
    try {
        repeat_races(call, [&] { attempt(endpoint, access, call, work); });
    } catch (const Error& error) {
        throw explained(error.failure(), access.maintenance_database);
    }
}

void AdminSessions::run_locking(
    const ServerAccess& access, const CallContext& call, const Work& work
) {
    run(access, call, [&](Connection& session) {
        try {
            work(session);
            session.run_batch(sql::release_session(), call);
        } catch (...) {
            session.end_with_its_use();
            throw;
        }
    });
}

void AdminSessions::run_within(
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
        throw explained_within(error.failure(), names, access.administrator.user);
    }
}

}  // namespace djdb::postgres
