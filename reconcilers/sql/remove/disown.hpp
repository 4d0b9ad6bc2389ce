// Before a login is dropped: what it made as itself becomes the owner role's. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <string>
#include <vector>

namespace djdb::sql {

/// In the tenant's database, one DO block: gives to the owner role what these logins own there and
/// takes their rights. A login that has another comment is left alone. One that still owns something
/// (an extension can't be given away) keeps its rights, since DROP OWNED would drop that.
Batch disown(const TenantNames&, const Claimant&, const std::vector<RoleName>& logins);

/// An expression of type text over rows `r` of pg_roles: where a role that could not be dropped owns
/// objects or has rights.
std::string where_it_has_something();

}  // namespace djdb::sql
