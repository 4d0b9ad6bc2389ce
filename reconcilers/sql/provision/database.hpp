// The database is created closed, then configured, opened, and its schema handed to the
// owner role. The administrator keeps owning the database, so a tenant can't drop or re-grant it.
// Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// The OID that the ledger has noted, and the name that this database has now (NULL when it is
/// gone), if it no longer has the claimed name; else no row.
Statement find_lost_database(const TenantNames&);

/// For a session that makes a database: that takes as long as it takes, two checkpoints before
/// PostgreSQL 15.
Statement take_time();

/// The same for a tenant's, one session at a time: there may be one whose answer nobody awaited.
Statement begin_creating(const TenantNames&);

/// Behind begin_creating() or begin_dropping() and what they were for: the session is as it began.
Batch release_session();

/// Alone, never in a transaction. template0 is immune to sessions in template1 and to its
/// collation.
Statement create_database(const TenantNames&);

/// In the maintenance database. CONNECT leaves PUBLIC before the first connection can be made.
/// server_version as in server_version_num: not every release knows every setting.
Batch configure_database(
    const TenantNames&, const TenantSetup&, const Claimant&, int server_version
);

/// The OID of the claimed database, in the maintenance database.
Statement find_noted_database(const TenantNames&, const Claimant&);

/// In the tenant's database, first: raises DJ003 when it is not the one of this OID.
Statement require_this_database(const std::string& oid);

/// In the tenant's database. Plain statements of the catalog's own: nothing that the tenant made
/// runs. Empty when the administrator may not do it: on 13 and 14 public belongs to the bootstrap
/// superuser.
Batch hand_over_schema(
    const TenantNames&, const TenantSetup&, int server_version, bool is_superuser
);

/// In the maintenance database, once the schema is handed over.
Statement note_configured(const TenantNames&, const Claimant&);

/// What a superuser runs where template0 has a locale that does not go with UTF-8: every database is made from it.
/// In this order, since only a copy of what is named template0 may have another encoding.
inline constexpr const char* kMakeTemplateUtf8 =
    "CREATE DATABASE template0_utf8 TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' "
    "IS_TEMPLATE true"
    " ALLOW_CONNECTIONS false; ALTER DATABASE template0 RENAME TO template0_old;"
    " ALTER DATABASE template0_utf8 RENAME TO template0;";

/// The operator's own database, when nobody has made it: closed until PUBLIC is out.
Statement create_maintenance_database(const DatabaseName&);
Batch open_maintenance_database(const DatabaseName&);

}  // namespace djdb::sql
