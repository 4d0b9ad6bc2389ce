// What a SQLSTATE or a failed connection means. Pure tables, tested row by row; any thread.
#pragma once

#include "reconcilers/ports/failure.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace djdb::postgres {

/// Of a login to a database with ALLOW_CONNECTIONS false.
inline constexpr std::string_view kDatabaseClosed = "55000";
/// Of a login to a database without the right to CONNECT.
inline constexpr std::string_view kMayNotConnect = "42501";

/// By the whole state where it matters, else by its class (first two characters).
FailureClass class_of(std::string_view sql_state);

/// Worth the same attempt again immediately: deadlock, serialisation, lock timeout, "tuple concurrently
/// updated" (XX000) and the unique violation of two writers that make one role.
bool is_race(std::string_view sql_state);

/// How far a connection had come when it failed.
enum class ConnectPhase { Resolve, Tcp, Tls, Login };

/// Why a connection failed: by SQLSTATE AccessRuleRejected, AuthRejected, DatabaseMissing,
/// TooManyConnections or ServerStarting; without one DNSFailed, TCPUnreachable or TLSVerifyFailed;
/// nothing when the phase alone does not tell.
std::optional<Reason> connect_reason(ConnectPhase, std::string_view sql_state);

/// The SQLSTATE, or the phase: "Resolve", "Connect", "Tls", "Login".
std::string connect_code(ConnectPhase, std::string_view sql_state);

/// Rejected logins are Forbidden, everything before the login is Transient.
FailureClass connect_class(ConnectPhase, std::string_view sql_state);

/// The SQLSTATE within libpq's verbose text ("FATAL:  28P01: ..."), or empty.
std::string state_in(std::string_view verbose_text);

/// First informative line, without prefix, control characters and SQLSTATE, at most 200 bytes.
std::string brief(std::string_view text);

/// At most 200 bytes of it, without control characters: what a server says is not trusted.
std::string printable(std::string_view text);

}  // namespace djdb::postgres
