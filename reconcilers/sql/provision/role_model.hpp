// Which roles a tenant has and what each of them is to be: the one description that provisioning
// makes true and drift is measured against. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb::sql {

/// A default of the role's sessions in the tenant's database: ALTER ROLE .. IN DATABASE .. SET.
struct Setting {
    std::string name;
    std::string value;
    /// server_version_num of the first release that knows it; 0: all that are supported.
    int since = 0;
};

struct TenantRole {
    RoleName name;
    bool logs_in = false;
    /// The group through which it acts.
    std::optional<RoleName> member_of = {};
    /// Privileges on the database itself; logins have those of their group.
    std::vector<std::string> database_privileges = {};
    std::vector<Setting> settings = {};
};

/// The owner first, then groups, then logins. shop_rw and shop_ro only when something needs them.
std::vector<TenantRole> tenant_roles(const TenantNames&, const TenantSetup&);

/// Their names, for IN (..).
std::string literals(const std::vector<TenantRole>& roles);

/// A group with rights on what the owner role makes.
struct RowGroup {
    RoleName name;
    std::vector<std::string> table_privileges;
    std::vector<std::string> sequence_privileges;
};

/// shop_rw and shop_ro, as far as they are needed.
std::vector<RowGroup> row_groups(const TenantNames&, const TenantSetup&);

/// public and the extra ones.
std::vector<std::string> managed_schemas(const TenantSetup&);

/// Every name that could become a role of the tenant, needed or not: the ledger gives each to one
/// tenant only.
std::vector<RoleName> all_names(const TenantNames&);

}  // namespace djdb::sql
