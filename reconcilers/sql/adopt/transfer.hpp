// A claim moves to another resource, maybe of another cluster. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// One transaction: the row becomes this resource's, retained until its roles are completed; comments
/// are renewed, and the logins can't log in any more. Raises DJ001 when this very resource has lost
/// the claim by a transfer before: two clusters that grant it to themselves would else take it from
/// each other for ever.
Batch transfer(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
