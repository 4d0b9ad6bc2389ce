// Deletion with Retain: the logins are shut, database, owner and claim stay. Pure; any thread.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

namespace djdb::sql {

/// One transaction; changes nothing when the active claim is not ours.
Batch retire(const TenantNames&, const Claimant&);

/// Ends the logins' sessions, but only while the claim is retained for this claimant.
Statement end_sessions(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
