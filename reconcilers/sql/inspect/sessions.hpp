// Which sessions an app has on the server. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <vector>

namespace djdb::sql {

/// Of this login in the tenant's database. What the administrator may not see of them is left empty (pg_stat_activity).
Statement read_sessions(const TenantNames&, const RoleName& login);
/// Reads its rows back.
std::vector<AppSession> sessions_in(const std::vector<Row>&);

}  // namespace djdb::sql
