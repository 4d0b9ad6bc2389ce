// Why a connection could not be made, and what to do: eleven verdicts, told by the phase, the SQLSTATE
// and probes of our own, never by the words of libpq or the server, which may be translated.
//
//   DNSFailed           the name does not resolve
//   TCPUnreachable      refused, or nobody answers: told apart by the errno of a probe
//   TLSNotOffered       no TLS, or no PostgreSQL
//   TLSVerifyFailed     another CA, out of its time, or another name: told apart by a handshake
//   AccessRuleRejected  28000      AuthRejected       28P01      DatabaseMissing  3D000
//   TooManyConnections  53300      ServerStarting     57P03      PoolerInPath     08P01
//   ReadOnlyServer      the session itself says so (Connection::open)
#pragma once

#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/session/endpoint.hpp"
#include "reconcilers/ports/call_context.hpp"
#include "reconcilers/ports/failure.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace djdb::postgres {

/// What libpq left of a connection that it could not make.
struct FailedConnect {
    ConnectPhase phase = ConnectPhase::Resolve;
    bool was_silent = false;  ///< the deadline ended it
    std::string sql_state;    ///< empty: the server gave none
    std::string words;        ///< shown, and never judged
    std::vector<std::string> addresses;
    /// As ScramLimit has it.
    std::optional<std::string> excess = {};
};

/// Probes the server where that tells more.
/// @return the failure, with the verdict as its reason
Failure diagnose(const Endpoint&, const FailedConnect&, const Deadline&);

/// What a person can do about a verdict; one or two sentences, in the order in which things are to
/// be checked: reachability, what the server listens on, its access rules.
std::string_view advice_for(const std::optional<Reason>&);

}  // namespace djdb::postgres
