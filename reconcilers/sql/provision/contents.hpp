// What is in the tenant's database: schemas, rights on rows, extensions. All runs there on an
// administrator's session with a pinned search_path, in statements of the catalog's own: nothing
// that the tenant made runs. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <string>
#include <vector>

namespace djdb::sql {

/// A schema of that name is somebody else's.
inline constexpr const char* kForeignSchema = "DJ006";

/// Makes the extra schemas, and gives shop_rw and shop_ro their rights on what the owner role has
/// made and will make. Empty by default. Raises DJ005, having changed nothing, when an extra schema
/// is somebody else's.
Batch arrange_contents(const TenantNames&, const TenantSetup&);

/// name, trusted and the schema to make it in, of those that are not there yet. Empty where the
/// control file demands one.
Statement missing_extensions(const TenantSetup&);
/// @param schema as missing_extensions found it
/// @param as_owner of a trusted one: the transaction goes on as the owner role
Batch create_extension(
    const TenantNames&, const std::string& name, const std::string& schema, bool as_owner
);

/// name, whether the server has it, and whether its default version is trusted. Any database.
Statement known_extensions(const TenantSetup&);

/// One JSON value, for find_contents_drift.
Statement inspect_contents(const TenantNames&, const TenantSetup&);

}  // namespace djdb::sql
