// A reader that is no longer requested: its login is disabled, its sessions end, the role goes. Large
// objects that it made become the owner role's, anything else keeps it. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// In the maintenance database. Changes nothing when the role has another comment or is gone.
Batch disable_reader(const TenantNames&, const Claimant&, const RoleName& reader);

/// In the tenant's database, before disown(): raises 2BP01 when the reader owns anything but large
/// objects. A function or view that a reader made, and let others use, must not become the owner
/// role's: it would act with its rights.
Statement refuse_objects(const TenantNames&, const Claimant&, const RoleName& reader);

/// In the maintenance database, after disown(): role and name go. Raises 2BP01 with what is left to
/// do when the role owns something still or has rights in another database.
Batch drop_reader(const TenantNames&, const Claimant&, const RoleName& reader);

}  // namespace djdb::sql
