// A reader that is asked for no more: its login is shut, its sessions end, the role goes. What it
// made, mostly large objects, becomes the owner role's. Pure; any thread.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

namespace djdb::sql {

/// In the maintenance database. Changes nothing when the role bears another mark or is gone.
Batch shut_reader(const TenantNames&, const Claimant&, const RoleName& reader);

/// In the maintenance database, after disown(): role and name go. Raises 2BP01 with what is left to
/// do when the role owns something still or has rights in another database.
Batch drop_reader(const TenantNames&, const Claimant&, const RoleName& reader);

}  // namespace djdb::sql
