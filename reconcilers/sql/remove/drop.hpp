// Deletion with Delete: the database and its roles go, the claim last. Every statement looks at the
// ledger first: nothing is dropped but what the active claim of this very resource names, by OID.
// Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// One transaction: nobody can log in as the tenant any more. The database stays open to a DBA, who
/// may have to remove what is in the way.
Batch disable_logins(const TenantNames&, const Claimant&);

/// Ends the sessions in the database and of the tenant's roles, as far as the administrator may.
Statement end_all_sessions(const TenantNames&, const Claimant&);

/// Rows: what DROP DATABASE or DROP ROLE would fail at, or silently destroy, and whether it may pass
/// by itself.
Statement list_obstacles_of_drop(const TenantNames&, const Claimant&);

/// One transaction: nobody enters the database any more.
Batch close(const TenantNames&, const Claimant&);

/// For the session that drops: as long as it takes, and one at a time on the server, since each
/// DROP DATABASE forces a checkpoint. Until the session ends nothing else changes the tenant: DROP
/// DATABASE can't be in the transaction that looks whose it is. One row: whether it was free.
Statement begin_dropping(const TenantNames&);

/// No row: there is no database of ours to be dropped.
Statement find_droppable(const TenantNames&, const Claimant&);

/// Alone, never in a transaction.
Statement drop_database(const TenantNames&);

/// One transaction, once the database is gone: roles, the owner last of them, and the claim.
Batch drop_roles_and_claim(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
