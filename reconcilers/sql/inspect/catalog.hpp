// What the server's catalogs and the ledger say of tenants, as raw facts: one JSON value for each.
// Set-based: a server's three thousand tenants take one query and under a second. What the facts
// mean is drift.hpp's. Reading needs no right but to connect. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <string>
#include <vector>

namespace djdb::sql {

/// Subquery with columns facts and fingerprint (md5 of the facts) and one row.
/// @param database, roles SQL expressions for the name and for the array of role names
std::string facts_of_tenant(const std::string& database, const std::string& roles);

/// Columns database and fingerprint. The same as facts_of_tenant's for whose role names are all in
/// the ledger; no row for databases that it does not know.
Statement fingerprint_tenants(const std::vector<DatabaseName>& databases);

/// '{"a","b"}': an array as a parameter.
std::string array_parameter(const std::vector<std::string>& values);

}  // namespace djdb::sql
