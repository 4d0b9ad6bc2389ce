// Adoption: a database that exists is claimed as it is, then all that its former owner has in it is
// given to the owner role, object by object. Never REASSIGN OWNED: that moves the role's other
// databases too. Nothing in here calls what a tenant may have planted: only functions and operators
// of pg_catalog, and ALTER .. OWNER TO, which runs no code of the object. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <string>
#include <vector>

namespace djdb::sql {

/// Raised when there is in the database what may not be taken over.
inline constexpr const char* kAdoptionRefused = "DJ005";

/// In the maintenance database. One row: OID, owner, and why this one is never adopted (NULL:
/// nothing speaks against it); none when there is no such database.
Statement find_adoptable(const TenantNames&);

/// In the tenant's database. Rows of what stands in the way: a whole sentence, or an object with its
/// owner. Empty: adopt() will pass.
/// @param owners whose objects may be taken over, beside the database's owner
Statement list_obstacles_of_adoption(const TenantNames&, const std::vector<RoleName>& owners);

/// In the maintenance database: the claim of the database of this OID, and whose objects may be
/// taken over. Changes nothing when the claim, a role or another database of the name is in the way.
Batch claim_existing(
    const TenantNames&,
    const TenantSetup&,
    const Claimant&,
    const std::string& oid,
    const std::vector<RoleName>& owners
);

/// Of an adoption that is not finished: OID and the former owners as a PostgreSQL array.
Statement find_adoption(const TenantNames&, const Claimant&);

/// In the tenant's database, one transaction: looks for obstacles again, then gives everything to
/// the owner role and the database to the administrator.
Batch adopt(const TenantNames&, const std::string& oid, const std::string& owners);

/// In the maintenance database, once everything is given.
Batch note_adopted(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
