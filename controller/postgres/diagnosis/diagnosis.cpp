#include "controller/postgres/diagnosis/diagnosis.hpp"

#include "controller/postgres/diagnosis/channel_binding.hpp"
#include "controller/postgres/diagnosis/tcp_probe.hpp"
#include "controller/postgres/diagnosis/tls_probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace djdb::postgres {
namespace {

constexpr std::chrono::seconds kProbeWithin{3};
constexpr std::size_t kMostNames = 8;

constexpr std::array<std::pair<Reason, std::string_view>, 12> kAdvice{{
    {Reason::DNSFailed, "Check spec.host, then that the operator's Pod may ask the cluster's DNS."},
    {Reason::TCPUnreachable,
     "Check that the server runs and that host, port, firewalls and network policies let the "
     "operator through, then listen_addresses and port in postgresql.conf."},
    {Reason::TLSNotOffered,
     "Check that host and port are PostgreSQL's, then set ssl = on with a certificate in "
     "postgresql.conf."},
    {Reason::TLSVerifyFailed,
     "Correct what spec.tls names, spec.host, or the server's certificate."},
    {Reason::AccessRuleRejected,
     "Add a line for this user, database and address to pg_hba.conf and reload it; a role without "
     "LOGIN is refused in the same way: ALTER ROLE .. LOGIN."},
    {Reason::AuthRejected,
     "Correct username and password in the Secret; the server gives the same answer for a role "
     "that does not exist, has no password, or is past VALID UNTIL."},
    {Reason::DatabaseMissing, "Create the database or name another one."},
    {Reason::TooManyConnections,
     "Close connections, or raise max_connections or the CONNECTION LIMIT of the role or database; "
     "it is tried again."},
    {Reason::ServerStarting, "Wait until the server has started; it is tried again."},
    {Reason::ReadOnlyServer,
     "Point spec.host to the primary, or set default_transaction_read_only = off; it is tried "
     "again."},
    {Reason::SessionNotPinned,
     "Point spec.host and spec.port to the server itself; only apps may go through a pooler."},
    {Reason::PoolerInPath,
     "Point spec.host and spec.port to the server itself; only apps may go through a pooler."},
}};

/// Some providers have no database "postgres", where the operator makes its own from.
constexpr std::string_view kNoDatabaseToStartFrom =
    "Delete the PostgresServer, which changes nothing on the server, and create it with "
    "spec.maintenanceDatabase set to a database that is there, such as the provider's defaultdb.";

constexpr std::string_view kRehash =
    "Set the role's password anew, on a server with a lower scram_iterations if need be.";

struct Verdict {
    std::optional<Reason> reason;
    std::string detail;
    /// Empty: what the reason's row says.
    std::string_view advice = {};
};

std::string joined(const std::vector<std::string>& names) {
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i) {
        list += (list.empty() ? "" : ", ") + printable(names[i]);
    }
    return list.empty() ? "no name" : list;
}

Verdict unreachable(int error) {
    switch (error) {
        case 0:
            return Verdict{
                Reason::TCPUnreachable, "the connection was cut; it can be made again by now"};
        case ECONNREFUSED:
            return Verdict{
                Reason::TCPUnreachable, "the connection was refused: nobody listens there"};
        case ETIMEDOUT:
            return Verdict{
                Reason::TCPUnreachable, "the connection timed out: packets are dropped on the way"};
        case ENOENT:
            return Verdict{Reason::TCPUnreachable, "there is no such socket"};
        default:
            return Verdict{Reason::TCPUnreachable, std::generic_category().message(error)};
    }
}

/// Nothing: what was shown is as it has to be.
std::optional<Verdict> judge_certificate(const Endpoint& to, const TlsFindings& found) {
    if (to.server.tls.mode != TlsMode::Require && !found.is_from_ca) {
        return Verdict{
            Reason::TLSVerifyFailed,
            "the server's certificate was not signed by the given CA but by \"" +
                printable(found.issuer) + "\""};
    }
    if (to.server.tls.mode != TlsMode::Require && !found.untimely.empty()) {
        return Verdict{Reason::TLSVerifyFailed, found.untimely};
    }
    if (to.server.tls.mode == TlsMode::VerifyFull && !found.names_host) {
        return Verdict{
            Reason::TLSVerifyFailed,
            "the server's certificate does not carry the name \"" + to.server.host + "\" but " +
                joined(found.names)};
    }
    return std::nullopt;
}

std::optional<Verdict> judge_tls(
    const Endpoint& to, const FailedConnect& failed, const Deadline& deadline
) {
    const auto connection = probe_tcp(to, failed.addresses, deadline);
    if (!connection.socket.is_open()) {
        return unreachable(connection.error);
    }
    const auto found = probe_tls(connection.socket, to, deadline);
    switch (found.answer) {
        case TlsAnswer::Silent:
            return Verdict{
                Reason::TCPUnreachable, "the connection is accepted, but nobody answers"};
        case TlsAnswer::HungUp:
            return Verdict{Reason::TLSNotOffered, "whoever answers hangs up when asked for TLS"};
        case TlsAnswer::NotPostgres:
            return Verdict{Reason::TLSNotOffered, "whoever answers is not PostgreSQL"};
        case TlsAnswer::NotOffered:
            return Verdict{Reason::TLSNotOffered, "the server does not offer TLS"};
        case TlsAnswer::NoHandshake:
            return Verdict{
                Reason::TLSNotOffered,
                "the server offers no TLS 1.2 or later with a common cipher"};
        case TlsAnswer::ClientRefused:
            return Verdict{Reason::TLSVerifyFailed, "the server refused the client certificate"};
        case TlsAnswer::Shown:
            break;
    }
    return judge_certificate(to, found);
}

/// What is concerned: others hear of it too (Breaker), to whom this database says nothing.
std::string whom(const Endpoint& to, const FailedConnect& failed, const Verdict& verdict) {
    if (failed.phase != ConnectPhase::Login) {
        return address_of(to);
    }
    return verdict.reason == Reason::AuthRejected
               ? address_of(to) + " as role \"" + to.login.user + "\""
               : to_string(to);
}

Verdict judge(const Endpoint& to, const FailedConnect& failed, const Deadline& deadline) {
    if (failed.excess) {
        return {
            Reason::AuthRejected,
            "the login asks for " + printable(*failed.excess) +
                " rounds of hashing (the iterations of a SCRAM verifier), and no more than " +
                std::to_string(to.most_iterations) + " are done",
            kRehash};
    }
    if (!failed.sql_state.empty()) {
        return {
            connect_reason(failed.phase, failed.sql_state),
            failed.words + " (SQLSTATE " + failed.sql_state + ")"};
    }
    if (failed.phase == ConnectPhase::Resolve) {
        return {Reason::DNSFailed, failed.words};
    }
    if (failed.phase == ConnectPhase::Tcp) {
        return unreachable(
            failed.was_silent ? ETIMEDOUT : probe_tcp(to, failed.addresses, deadline).error
        );
    }
    if (failed.was_silent) {
        return {Reason::TCPUnreachable, "the connection is accepted, but nobody answers in time"};
    }
    const bool in_tls = failed.phase == ConnectPhase::Tls;
    // In TLS 1.3 a client certificate is refused when the login is under way.
    if (in_tls || !to.login.certificate.pem.empty()) {
        if (auto verdict = judge_tls(to, failed, deadline)) {
            return *verdict;
        }
    }
    if (in_tls) {
        return {Reason::TLSVerifyFailed, "the TLS handshake failed: " + failed.words};
    }
    if (const auto unbound = binding_failure(failed.words)) {
        return {unbound->reason, std::string(unbound->detail), unbound->advice};
    }
    return {connect_reason(failed.phase, ""), failed.words};
}

std::string_view advice_of(const Verdict& verdict, const Endpoint& to) {
    if (!verdict.advice.empty()) {
        return verdict.advice;
    }
    const bool has_no_start =
        verdict.reason == Reason::DatabaseMissing && to.kind == SessionKind::Maintenance;
    return has_no_start ? kNoDatabaseToStartFrom : advice_for(verdict.reason);
}

}  // namespace

Failure diagnose(const Endpoint& to, const FailedConnect& failed, const Deadline& deadline) {
    const auto verdict = judge(to, failed, deadline.or_earlier(kProbeWithin));
    return {
        failed.excess ? FailureClass::Forbidden : connect_class(failed.phase, failed.sql_state),
        FailureOrigin::Postgres,
        connect_code(failed.phase, failed.sql_state),
        "Can't connect to PostgreSQL " + whom(to, failed, verdict) + ": " + verdict.detail +
            ". Nothing was changed. " + std::string(advice_of(verdict, to)),
        verdict.reason};
}

std::string_view advice_for(const std::optional<Reason>& reason) {
    const auto row =
        std::ranges::find_if(kAdvice, [&](const auto& entry) { return entry.first == reason; });
    return row != kAdvice.end() ? row->second : "It is tried again; see the server's log.";
}

}  // namespace djdb::postgres
