// What differs between a tenant as it is to be and as the catalogs show it. Pure; any thread.
//
// What the operator set is repaired by the batch that sets it. What others added is told and left,
// but for attributes, memberships and rights of PUBLIC that break the isolation of tenants.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <nlohmann/json_fwd.hpp>

#include <vector>

namespace djdb::sql {

/// @param facts as catalog.hpp reads them; names and setup say how it is to be
/// @param comment what our roles have as comment
std::vector<Drift> find_drift(
    const TenantNames&, const TenantSetup&, const std::string& comment, const nlohmann::json& facts
);

/// The same of what is in the tenant's database, as contents.hpp reads it.
/// @param shares_public public is the bootstrap superuser's and stays so: 13 and 14
std::vector<Drift> find_contents_drift(
    const TenantNames&, const TenantSetup&, bool shares_public, const nlohmann::json& contents
);

}  // namespace djdb::sql
