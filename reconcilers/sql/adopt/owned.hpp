// What roles own in the current database, and how it is given to the owner role: object by object,
// never by REASSIGN OWNED, which moves the roles' databases too. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <string>
#include <vector>

namespace djdb::sql {

/// An expression of type text[].
std::string array_of(const std::vector<RoleName>& roles);

/// A subquery (classid, oid, owner): objects that only a superuser can own. A superuser's are left
/// as they are; somebody else's were made by one who was a superuser once.
std::string superusers_only();

/// WITH .. me, owners (roles whose objects may be taken over), owned: to be put before a query.
/// Objects of a superuser are taken over by a superuser only, and only when they are named.
/// @param named an expression of type text[]
std::string with_owned(const std::string& named);

/// Commands of a block that declares `found`: ALTER .. OWNER TO for each of them, schemas first,
/// since whoever gets an object must be able to create in its schema.
std::string give_all(const std::string& named, const TenantNames&);

}  // namespace djdb::sql
