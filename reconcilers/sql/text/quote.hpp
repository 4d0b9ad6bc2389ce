// The one place where a value becomes SQL text. Pure; any thread.
//
// Promise: the result is byte for byte what libpq's PQescapeIdentifier and PQescapeLiteral give on
// a UTF-8 connection (tests/postgres compares them on a server), and what those would mangle is
// refused.
#pragma once

#include <string>
#include <string_view>

namespace djdb::sql {

/// "name" in double quotes. Throws Error Invalid "InvalidName": empty, over 63 bytes (the server
/// would cut it silently and two tenants would meet), control characters, or not UTF-8.
std::string quote_identifier(std::string_view name);

/// 'value' in single quotes; with a backslash inside in the form E'..', led by a space as libpq
/// does. Throws Error Invalid "InvalidValue" for control characters or bytes that are not UTF-8.
std::string quote_literal(std::string_view value);

}  // namespace djdb::sql
