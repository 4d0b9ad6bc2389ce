// A reader that is asked for no more: its login is shut, its sessions end, the role goes. What it
// made, which can be large objects only, becomes the owner role's. Pure; any thread.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

namespace djdb::sql {

/// In the maintenance database. Changes nothing when the role bears another mark or is gone.
Batch shut_reader(const TenantNames&, const Claimant&, const RoleName& reader);

/// In the tenant's database. Raises 2BP01 when the role owns databases: REASSIGN would give those
/// away as well.
Batch disown_reader(const TenantNames&, const Claimant&, const RoleName& reader);

/// In the maintenance database: role and name go.
Batch drop_reader(const TenantNames&, const Claimant&, const RoleName& reader);

}  // namespace djdb::sql
