// The port's part that makes: claim and roles, database, grants, the login of a migration's attempt.
#include "controller/postgres/postgres_tenant.hpp"
#include "controller/postgres/session/scram.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/attempt.hpp"
#include "reconcilers/sql/provision/contents.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/provision/roles.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/remove/reader.hpp"

#include <algorithm>
#include <utility>

namespace djdb::postgres {

namespace {

constexpr const char* kLockNotAvailable = "55P03";

Error lost_database(
    const Endpoint& at, const DatabaseName& name, const std::string& oid, const std::string& now
) {
    return Error(
        {.kind = FailureClass::Terminal,
         .origin = FailureOrigin::Postgres,
         .message =
             "PostgreSQL " + to_string(at) + ": database \"" + name.str() + "\" (OID " + oid +
             ") is " +
             (now.empty() ? "gone although the ledger records it. Nothing was created; restore it "
                            "under this name and set database_oid in djangodb.claim to its new OID"
                          : "named \"" + now + "\" now. Nothing was created; rename it back") +
             ", or set database_oid in djangodb.claim to NULL to begin with an empty one.",
         .reason = Reason::DatabaseLost}
    );
}

/// Never the password itself, unless the server's owner chose that.
sql::Verifiers verifiers_of(const TenantPasswords& passwords, PasswordMode mode) {
    sql::Verifiers verifiers{{}, mode};
    for (const auto& [login, password] : passwords) {
        verifiers.logins.emplace(
            login, mode == PasswordMode::Plaintext ? password : scram_verifier(password)
        );
    }
    return verifiers;
}

void begin_creating(Connection& session, const TenantNames& names, const CallContext& call) {
    try {
        session.run(sql::begin_creating(names), call);
    } catch (const Error& error) {
        if (error.failure().code != kLockNotAvailable) {
            throw;
        }
        throw Error(
            {.kind = FailureClass::Transient,
             .origin = FailureOrigin::Postgres,
             .message = "Database \"" + names.database.str() +
                        "\" is still being made by another session of the operator's, which takes "
                        "as long as the server's disk needs. It is looked at anew.",
             .reason = Reason::Progressing}
        );
    }
}

/// What is said of a schema that the tenant may have dropped is said to nobody then.
void run_unless_dropped(Connection& session, const sql::Batch& batch, const CallContext& call) {
    try {
        session.run_batch(batch, call);
    } catch (const Error& error) {
        if (error.failure().code != "3F000") {
            throw;
        }
    }
}

}  // namespace

void PostgresTenant::claim_and_create_roles(
    const TenantPasswords& passwords, const AttemptCount& attempts, const CallContext& call
) {
    const auto verifiers = verifiers_of(passwords, access_.password_mode);
    as_admin(call, [&](Connection& session) {
        session.run_batch(
            sql::claim_and_create_roles(
                names_, setup_, claimant_, verifiers, attempts, session.server_version()
            ),
            call
        );
    });
}

void PostgresTenant::create(const CallContext& call) {
    admin_.run_locking(access_, call, [&](Connection& session) {
        begin_creating(session, names_, call);
        // Another operator may have deleted the resource meanwhile.
        session.run(sql::require_claim(names_, claimant_), call);
        // Never an empty database in the place of one that was lost: a person decides.
        if (const auto lost = session.run(sql::find_lost_database(names_), call); !lost.empty()) {
            throw lost_database(session.endpoint(), names_.database, cell(lost, 0), cell(lost, 1));
        }
        create_if_missing(session, sql::create_database(names_), call);
    });
}

void PostgresTenant::configure(const CallContext& call) {
    sql::Batch hand_over;
    std::string oid;
    as_admin(call, [&](Connection& session) {
        hand_over =
            sql::hand_over_schema(names_, setup_, session.server_version(), session.is_superuser());
        session.run_batch(
            sql::configure_database(names_, setup_, claimant_, session.server_version()), call
        );
        oid = cell(session.run(sql::find_noted_database(names_, claimant_), call), 0);
    });
    const auto contents = sql::arrange_contents(names_, setup_);
    if (!hand_over.empty() || !contents.empty() || !setup_.extensions.empty()) {
        within(call, [&](Connection& session) {
            // While we are in it, nobody can rename it.
            session.run(sql::require_this_database(oid), call);
            run_unless_dropped(session, hand_over, call);
            session.run_batch(contents, call);
            install_extensions(session, call);
        });
    }
    as_admin(call, [&](Connection& session) {
        session.run(sql::note_configured(names_, claimant_), call);
    });
}

void PostgresTenant::install_extensions(Connection& session, const CallContext& call) const {
    if (setup_.extensions.empty()) {
        return;
    }
    for (const auto& row : session.run(sql::missing_extensions(setup_), call)) {
        const auto name = row.at(0).value_or("");
        const bool is_trusted = row.at(1) == "t";
        const auto& allowed = access_.allowed_extensions;
        if (is_trusted || std::ranges::find(allowed, name) != allowed.end()) {
            session.run_batch(
                sql::create_extension(names_, name, row.at(2).value_or(""), is_trusted), call
            );
        }
    }
}

void PostgresTenant::count_attempt(const AttemptCount& attempts, const CallContext& call) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::count_attempt(names_, claimant_, attempts), call);
    });
}

void PostgresTenant::lock_out_earlier_attempts(
    std::int64_t attempt, const Sensitive& password, const CallContext& call
) {
    const auto verifiers = verifiers_of({{LoginId::migrate(), password}}, access_.password_mode);
    as_admin(call, [&](Connection& session) {
        const auto end_all = [&] {
            session.run_batch(sql::end_migration_sessions(names_, claimant_, attempt), call);
        };
        // First, for what they did to their own role would be waited for.
        end_all();
        session.run_batch(
            sql::set_attempt_password(names_, setup_, claimant_, verifiers, attempt), call
        );
        const bool is_alone = wait_for(kEnding, call, [&] {
            end_all();  // one that began with the old password may only show now
            const auto left = session.run(sql::count_migration_sessions(names_, claimant_), call);
            return cell(left, 0) == "0";
        });
        if (!is_alone) {
            throw Error(
                {.kind = FailureClass::Transient,
                 .origin = FailureOrigin::Postgres,
                 .message = "PostgreSQL " + to_string(session.endpoint()) +
                            ": a session that an earlier migration left, of role \"" +
                            names_.migrate.str() +
                            "\", was ended and is still there. No migration was started beside it; "
                            "it is tried again."}
            );
        }
    });
}

void PostgresTenant::remove_reader(const RoleName& reader, const CallContext& call) {
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::disable_reader(names_, claimant_, reader), call);
    });
    within(call, [&](Connection& session) {
        session.run(sql::refuse_objects(names_, claimant_, reader), call);
        session.run_batch(sql::disown(names_, claimant_, {reader}), call);
    });
    as_admin(call, [&](Connection& session) {
        session.run_batch(sql::drop_reader(names_, claimant_, reader), call);
    });
}

}  // namespace djdb::postgres
