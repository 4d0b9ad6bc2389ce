// T2 and T3: the database is made closed, then configured, opened, and its schema handed to the
// owner role. The administrator keeps owning the database, so a tenant can't drop or re-grant it.
// Pure; any thread.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

#include <chrono>

namespace djdb::sql {

/// The OID that the ledger has noted although no database bears the name any more; else no row.
Statement find_lost_database(const TenantNames&);

/// Alone, never in a transaction. template0 is immune to sessions in template1 and to its
/// collation.
Statement create_database(const TenantNames&);

/// In the maintenance database. CONNECT leaves PUBLIC before the first connection can be made.
Batch configure_database(const TenantNames&, const Claimant&, std::chrono::seconds lock_timeout);

/// In the tenant's database, as administrator of 15 and later: before, public is the superuser's.
Statement hand_over_schema(const TenantNames&);

/// In the maintenance database, once the schema is handed over.
Statement note_configured(const TenantNames&, const Claimant&);

/// The operator's own database, when nobody has made it: closed until PUBLIC is out.
Statement create_maintenance_database(const DatabaseName&);
Batch open_maintenance_database(const DatabaseName&);

}  // namespace djdb::sql
