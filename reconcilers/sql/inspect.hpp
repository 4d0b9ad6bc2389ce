// One query that reads a tenant from the catalogs and the ledger, and the query about the server.
// Pure.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

#include <optional>
#include <span>
#include <string>

namespace djdb::sql {

/// A row of the result; nullopt is NULL.
using Row = std::span<const std::optional<std::string>>;

Statement inspect_tenant(const TenantNames&, const TenantSetup&, const Claimant&);
/// Understands the one row of inspect_tenant.
TenantFacts tenant_facts(Row, const TenantNames&, const TenantSetup&, const Claimant&);

Statement inspect_server();
ServerFacts server_facts(Row);

/// Minor releases that ignore SET role of ALTER ROLE, so that tables would get the wrong owner:
/// 12.21, 13.17, 14.14, 15.9, 16.5 and 17.1 (fixed by the releases a week later).
bool ignores_role_setting(std::int64_t version_number);

}  // namespace djdb::sql
