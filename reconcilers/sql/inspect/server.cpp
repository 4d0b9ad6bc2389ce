#include "reconcilers/sql/inspect/server.hpp"

#include <algorithm>
#include <array>

namespace djdb::sql {
namespace {

std::string text_of(const std::optional<std::string>& value) {
    return value.value_or("");
}

std::int64_t number_of(const std::optional<std::string>& value) {
    return value ? std::stoll(*value) : 0;
}

bool is_true(const std::optional<std::string>& value) {
    return value == "t";
}

/// -1: there is one that may not be read.
constexpr const char* kRevision =
    "(SELECT CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')"
    " THEN coalesce(pg_catalog.pg_sequence_last_value(c.oid), 0) ELSE '-1'::bigint END"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
    " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
    " WHERE n.nspname OPERATOR(pg_catalog.=) 'djangodb'"
    " AND c.relname OPERATOR(pg_catalog.=) 'revision' AND c.relkind OPERATOR(pg_catalog.=) 'S')";

std::string standing(SessionKind kind) {
    // Elsewhere a tenant may have set read-only for its own database, which says nothing of the
    // server.
    std::string columns = kind == SessionKind::Maintenance
                              ? std::string(
                                    "pg_catalog.current_setting('transaction_read_only')"
                                    " OPERATOR(pg_catalog.=) 'on', "
                                ) + kRevision
                              : "pg_catalog.pg_is_in_recovery(), NULL";
    columns += ", pg_catalog.pg_backend_pid()";
    for (const auto& setting : pinned_settings(kind)) {
        columns += ", pg_catalog.current_setting('" + std::string(setting.name) + "')";
    }
    return columns;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

}  // namespace

Statement identify_server(SessionKind kind) {
    // The name of a WAL file begins with the timeline in hexadecimal; a standby writes none.
    return {
        "SELECT s.system_identifier, CASE WHEN NOT pg_catalog.pg_is_in_recovery()"
        " THEN pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)"
        " END, " +
        standing(kind) + " FROM pg_catalog.pg_control_system() s"};
}

Statement identify_ledger(SessionKind kind) {
    return {"SELECT NULL, NULL, " + standing(kind)};
}

ServerStanding server_standing(const Row& row, SessionKind kind) {
    ServerStanding found;
    found.identity.system_identifier = text_of(row.at(0));
    if (const auto& timeline = row.at(1)) {
        found.identity.timeline = std::stoll(*timeline, nullptr, 16);
    }
    found.is_read_only = is_true(row.at(2));
    const auto revision = number_of(row.at(3));
    found.can_read_ledger = revision >= 0;
    found.identity.ledger_revision = std::max<std::int64_t>(revision, 0);
    found.backend_pid = number_of(row.at(4));
    std::size_t column = 5;
    for (const auto& setting : pinned_settings(kind)) {
        if (row.at(column++) != setting.value) {
            found.unpinned.emplace_back(setting.name);
        }
    }
    return found;
}

Statement find_end_of_wal() {
    return {"SELECT pg_current_wal_insert_lsn()"};
}

Statement is_flushed(const std::string& position) {
    return {"SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn", {position}};
}

Statement inspect_server(const std::string& maintenance_database) {
    return {
        R"sql(
SELECT pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1), pg_catalog.current_setting('server_version_num'),
    r.rolname, r.rolsuper, r.rolcreatedb, r.rolcreaterole,
    m.oid IS NULL OR pg_catalog.has_database_privilege(m.oid, 'CONNECT'),
    m.oid IS NULL OR pg_catalog.has_database_privilege(m.oid, 'CREATE'),
    pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'),
    (SELECT pg_catalog.string_agg(d.datname, pg_catalog.chr(10) ORDER BY d.datname)
     FROM pg_catalog.pg_database d
     WHERE d.datname OPERATOR(pg_catalog.=) ANY (ARRAY['postgres', 'template1', $1])
     AND d.datallowconn AND EXISTS (
         SELECT FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
         WHERE a.grantee OPERATOR(pg_catalog.=) 0
         AND a.privilege_type OPERATOR(pg_catalog.=) 'CONNECT')),
    l.oid IS NOT NULL,
    CASE WHEN NOT pg_catalog.pg_has_role(l.relowner, 'USAGE')
         THEN pg_catalog.pg_get_userbyid(l.relowner) END,
    m.oid IS NOT NULL,
    (SELECT pg_catalog.format('%s, encoding %s', t.datctype, pg_catalog.pg_encoding_to_char(t.encoding))
     FROM pg_catalog.pg_database t
     WHERE t.datname OPERATOR(pg_catalog.=) 'template0'
     AND pg_catalog.pg_encoding_to_char(t.encoding) OPERATOR(pg_catalog.<>) ALL (ARRAY['UTF8', 'SQL_ASCII'])
     AND (t.datcollate OPERATOR(pg_catalog.<>) ALL (ARRAY['C', 'POSIX'])
          OR t.datctype OPERATOR(pg_catalog.<>) ALL (ARRAY['C', 'POSIX'])))
FROM pg_catalog.pg_roles r
LEFT JOIN pg_catalog.pg_database m ON m.datname OPERATOR(pg_catalog.=) $1
LEFT JOIN (SELECT c.oid, c.relowner FROM pg_catalog.pg_class c
           JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
           WHERE n.nspname OPERATOR(pg_catalog.=) 'djangodb' AND c.relname OPERATOR(pg_catalog.=) 'claim'
           AND pg_catalog.current_database() OPERATOR(pg_catalog.=) $1) l ON true
WHERE r.rolname OPERATOR(pg_catalog.=) current_user
)sql",
        {maintenance_database}};
}

ServerFacts server_facts(const Row& row) {
    ServerFacts facts;
    facts.version = text_of(row.at(0));
    facts.version_number = number_of(row.at(1));
    auto& administrator = facts.administrator;
    administrator.user = text_of(row.at(2));
    administrator.is_superuser = is_true(row.at(3));
    administrator.can_create_database = is_true(row.at(4));
    administrator.can_create_role = is_true(row.at(5));
    administrator.may_connect = is_true(row.at(6));
    administrator.may_create = is_true(row.at(7));
    administrator.may_signal = is_true(row.at(8));
    facts.public_connect = lines_of(text_of(row.at(9)));
    facts.has_ledger = is_true(row.at(10));
    administrator.ledger_owner = text_of(row.at(11));
    facts.has_maintenance_database = is_true(row.at(12));
    facts.unfit_template = text_of(row.at(13));
    return facts;
}

Statement count_claims() {
    return {"SELECT pg_catalog.count(*) FROM djangodb.claim"};
}

bool ignores_role_setting(std::int64_t version_number) {
    static constexpr std::array<std::int64_t, 6> kBroken{
        120021, 130017, 140014, 150009, 160005, 170001};
    return std::ranges::find(kBroken, version_number) != kBroken.end();
}

}  // namespace djdb::sql
