// What is asked as one of the tenant's own logins. Pure; any thread.
#pragma once

#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// Shows in pg_stat_activity and in the log which run works.
Statement name_session(const std::string& name);

/// session_user, current_user, current_database.
Statement who_am_i();

/// Makes, fills and drops a table, where the login's tables come or, if that is nowhere, in a schema
/// of the probe's: in one transaction, so that a probe that fails half-way leaves nothing.
Statement probe_schema();

/// "on" or "off".
Statement is_read_only();

/// Whether there is django_migrations.
/// @param schema empty: wherever the login's search_path finds it
Statement has_migrations(const std::string& schema);
/// "app.name" of each row, the oldest first.
Statement read_migrations(const std::string& schema);

}  // namespace djdb::sql
