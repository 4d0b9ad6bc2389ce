// What a session is asked before anything else: that it is as it was begun, that no pooler stands in
// between, that it may write, and that it is on the server that it was meant for.
#include "controller/postgres/diagnosis/diagnosis.hpp"
#include "controller/postgres/session/connection.hpp"
#include "crds/text.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/server/identity.hpp"
#include "reconcilers/sql/inspect/server.hpp"

namespace djdb::postgres {
namespace {

/// The server's own functions are everybody's, but some providers take them away: then nothing is
/// known of it, and the ledger alone tells.
Rows ask(Connection& session, SessionKind kind, const CallContext& call) {
    try {
        return session.run(sql::identify_server(kind), call);
    } catch (const Error& error) {
        if (error.failure().kind == FailureClass::Transient) {
            throw;
        }
    }
    return session.run(sql::identify_ledger(kind), call);
}

Error identity_error(
    const Endpoint& at, FailureClass kind, Reason reason, const std::string& words
) {
    return Error(
        {.kind = kind,
         .origin = FailureOrigin::Postgres,
         .message = "PostgreSQL " + address_of(at) + ", database \"" + at.database + "\": " + words,
         .reason = reason}
    );
}

std::string how_to_accept(const ServerIdentity& found) {
    return " Nothing was changed and nothing will be: point spec.host back, or, if this very "
           "server "
           "is to take its place, annotate the PostgresServer with "
           "djangodb.io/accept-server=" +
           acknowledgement_of(found) + ".";
}

}  // namespace

void Connection::require_pinned(const std::vector<std::string>& unpinned) {
    if (!unpinned.empty()) {
        is_broken_ = true;
        throw identity_error(
            endpoint_,
            FailureClass::Terminal,
            Reason::SessionNotPinned,
            "who answers dropped what the session was begun with (" + join(unpinned, ", ") +
                " differ), as a connection pooler does that ignores start-up options; then a "
                "tenant's code could run with the administrator's rights. Nothing was changed. " +
                std::string(advice_for(Reason::SessionNotPinned))
        );
    }
}

void Connection::require_no_pooler(std::int64_t answered_by) {
    if (answered_by != backend_pid()) {
        is_broken_ = true;
        throw identity_error(
            endpoint_,
            FailureClass::Terminal,
            Reason::PoolerInPath,
            "a connection pooler or proxy stands before the server: process " +
                std::to_string(answered_by) +
                " answers, and not the one that the session was "
                "begun with, so that nothing set or locked is sure to hold. Nothing was changed. " +
                std::string(advice_for(Reason::PoolerInPath))
        );
    }
}

void Connection::require_the_server(const CallContext& call) {
    const auto kind = endpoint_.kind;
    sql::ServerStanding found;
    read_answers([&] { found = sql::server_standing(ask(*this, kind, call).at(0), kind); });
    require_pinned(found.unpinned);
    require_no_pooler(found.backend_pid);
    identity_ = found.identity;
    if (found.is_read_only && kind != SessionKind::Reader) {
        throw identity_error(
            endpoint_,
            FailureClass::Transient,
            Reason::ReadOnlyServer,
            "the server only reads: it is a standby, or default_transaction_read_only is on. "
            "Nothing was changed. " +
                std::string(advice_for(Reason::ReadOnlyServer))
        );
    }
    if (!found.can_read_ledger) {
        throw identity_error(
            endpoint_,
            FailureClass::Forbidden,
            Reason::AdminRightsMissing,
            "the ledger djangodb.revision can't be read, so that nobody knows whether this is the "
            "server of before. Nothing was changed; a DBA has to grant the administrator the role "
            "that owns the schema djangodb."
        );
    }
    const auto& expected = endpoint_.server.identity.expected;
    switch (compare_server(identity_, expected, endpoint_.server.identity.accepted)) {
        case IdentityMatch::Same:
            return;
        case IdentityMatch::AnotherServer:
            throw identity_error(
                endpoint_,
                FailureClass::Terminal,
                Reason::ServerIdentityChanged,
                "another server answers: its system identifier is " + identity_.system_identifier +
                    " and was " + expected.system_identifier + "." + how_to_accept(identity_)
            );
        case IdentityMatch::RolledBack:
            throw identity_error(
                endpoint_,
                FailureClass::Terminal,
                Reason::ServerRestored,
                "the server is of the past: its ledger has revision " +
                    std::to_string(identity_.ledger_revision) + " and timeline " +
                    std::to_string(identity_.timeline) + ", and had " +
                    std::to_string(expected.ledger_revision) + " and " +
                    std::to_string(expected.timeline) +
                    ". Databases that were made or deleted since are not as they were." +
                    how_to_accept(identity_)
            );
    }
}

}  // namespace djdb::postgres
