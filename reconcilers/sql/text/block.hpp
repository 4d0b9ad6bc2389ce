// What runs on the server in one piece: a DO block, and how it refuses. Pure; any thread.
#pragma once

#include "reconcilers/sql/text/statement.hpp"

#include <string>

namespace djdb::sql {

/// The body is a literal and not dollar-quoted: then no name can end it.
Statement block(const std::string& body);

/// The statements where there is this schema: a tenant may have dropped public. Nothing else.
/// @param statements each ends with a semicolon
Statement where_schema_exists(const std::string& schema, const std::string& statements);

/// A command of a block's body: ends it, and what its transaction did, with this SQLSTATE.
/// @param message an expression of type text
std::string raise(const char* state, const std::string& message);

}  // namespace djdb::sql
