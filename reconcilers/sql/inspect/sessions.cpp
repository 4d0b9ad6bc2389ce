#include "reconcilers/sql/inspect/sessions.hpp"

#include "crds/text.hpp"

namespace djdb::sql {

Statement read_sessions(const TenantNames& names, const RoleName& login) {
    return {
        "SELECT host(client_addr), to_char(backend_start AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        " FROM pg_stat_activity WHERE datname = $1 AND usename = $2 AND application_name NOT LIKE "
        "'djangodb-operator/%' LIMIT 10000",
        {names.database.str(), login.str()}};
}

std::vector<AppSession> sessions_in(const std::vector<Row>& rows) {
    std::vector<AppSession> sessions;
    sessions.reserve(rows.size());
    for (const auto& row : rows) {
        sessions.push_back({row.at(0).value_or(""), parse_time(row.at(1).value_or(""))});
    }
    return sessions;
}

}  // namespace djdb::sql
