#include "reconcilers/sql/catalog.hpp"

namespace djdb::sql {
namespace {

/// Everything but the first list, `wanted(database, role)`. Correlated subselects would read
/// pg_db_role_setting once for each tenant. PUBLIC and "every role" have the empty name, which no
/// role can have. Before 16 memberships have no options of their own.
constexpr const char* kFacts = R"sql(
d AS MATERIALIZED (
    SELECT * FROM pg_database WHERE datname IN (SELECT database FROM wanted)
), everybody AS MATERIALIZED (
    SELECT * FROM pg_roles
), r AS MATERIALIZED (
    SELECT w.database, p.* FROM wanted w JOIN everybody p ON p.rolname = w.role
), acl AS (
    SELECT datname, json_object_agg(grantee, privileges ORDER BY grantee) AS list FROM (
        SELECT d.datname, CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END AS grantee,
               json_agg(DISTINCT a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END) AS privileges
        FROM d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a GROUP BY 1, 2) x
    GROUP BY 1
), settings AS (
    SELECT d.datname, json_object_agg(
        CASE s.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(s.setrole)::text END, to_json(s.setconfig) ORDER BY s.setrole) AS list
    FROM pg_db_role_setting s JOIN d ON d.oid = s.setdatabase GROUP BY 1
), strays AS (
    SELECT datname, json_object_agg(owner, objects ORDER BY owner) AS list FROM (
        SELECT d.datname, pg_get_userbyid(s.refobjid)::text AS owner, count(*) AS objects
        FROM pg_shdepend s JOIN d ON d.oid = s.dbid LEFT JOIN r ON r.database = d.datname AND r.oid = s.refobjid
        WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'
        AND r.rolname IS DISTINCT FROM d.datname || '_owner' GROUP BY 1, 2) x
    GROUP BY 1
), roles AS (
    SELECT r.database, json_object_agg(r.rolname, json_build_object(
        'super', rolsuper, 'createdb', rolcreatedb, 'createrole', rolcreaterole, 'replication', rolreplication,
        'bypassrls', rolbypassrls, 'inherit', rolinherit, 'login', rolcanlogin, 'limit', rolconnlimit,
        'until', CASE WHEN rolvaliduntil <> 'infinity' THEN rolvaliduntil::date END,
        'settings', to_json(rolconfig), 'mark', s.description) ORDER BY r.rolname) AS list
    FROM r LEFT JOIN pg_shdescription s ON s.objoid = r.oid AND s.classoid = 'pg_authid'::regclass GROUP BY 1
), pairs AS MATERIALIZED (
    SELECT g.database AS of_group, u.database AS of_member, m.roleid, m.member, m.admin_option, to_json(m) AS options
    FROM pg_auth_members m LEFT JOIN r g ON g.oid = m.roleid LEFT JOIN r u ON u.oid = m.member
    WHERE g.oid IS NOT NULL OR u.oid IS NOT NULL
), edges AS (
    SELECT database, json_agg(json_build_object(
        'group', g.rolname, 'member', u.rolname, 'admin', e.admin, 'inherit', e.inherit, 'set', e.set,
        'administers', u.rolsuper OR u.rolcreaterole) ORDER BY g.rolname, u.rolname) AS list
    FROM (
        SELECT database, roleid, member, bool_or(admin_option) AS admin,
               bool_or(coalesce((options ->> 'inherit_option')::bool, true)) AS inherit,
               bool_or(coalesce((options ->> 'set_option')::bool, true)) AS set
        FROM (
            SELECT of_group AS database, roleid, member, admin_option, options FROM pairs WHERE of_group IS NOT NULL
            UNION ALL
            SELECT of_member, roleid, member, admin_option, options FROM pairs
            WHERE of_member IS NOT NULL AND of_member IS DISTINCT FROM of_group) p
        GROUP BY 1, 2, 3) e
    JOIN everybody g ON g.oid = e.roleid JOIN everybody u ON u.oid = e.member GROUP BY 1
), names AS (
    SELECT database, json_agg(role ORDER BY role) AS list FROM djangodb.claimed_role
    WHERE database IN (SELECT database FROM wanted) GROUP BY 1
), facts AS (
    SELECT n.database, json_build_object(
        'admin', current_user, 'claim', to_json(c), 'names', names.list, 'oid', d.oid::bigint,
        'owner', pg_get_userbyid(d.datdba), 'open', d.datallowconn, 'limit', d.datconnlimit, 'acl', acl.list,
        'settings', settings.list, 'strays', strays.list, 'roles', roles.list, 'edges', edges.list) AS facts
    FROM (SELECT DISTINCT database FROM wanted) n
    LEFT JOIN djangodb.claim c ON c.database = n.database
    LEFT JOIN names ON names.database = n.database
    LEFT JOIN d ON d.datname = n.database
    LEFT JOIN acl ON acl.datname = n.database
    LEFT JOIN settings ON settings.datname = n.database
    LEFT JOIN strays ON strays.datname = n.database
    LEFT JOIN roles ON roles.database = n.database
    LEFT JOIN edges ON edges.database = n.database
)
)sql";

std::string with_facts(const std::string& wanted) {
    return "WITH wanted AS MATERIALIZED (" + wanted + "), " + kFacts;
}

}  // namespace

std::string facts_of_tenant(const std::string& database, const std::string& roles) {
    return with_facts(
               "SELECT " + database + "::text AS database, unnest(" + roles +
               "::text[]) AS role UNION SELECT database, role FROM djangodb.claimed_role"
               " WHERE database = " +
               database
           ) +
           "SELECT facts::text, md5(facts::text) AS fingerprint FROM facts";
}

Statement fingerprint_tenants(const std::vector<DatabaseName>& databases) {
    std::vector<std::string> names;
    names.reserve(databases.size());
    for (const auto& database : databases) {
        names.push_back(database.str());
    }
    return {
        with_facts(
            "SELECT database, role FROM djangodb.claimed_role WHERE database = ANY ($1::text[])"
        ) + "SELECT database, md5(facts::text) FROM facts",
        {array_parameter(names)}};
}

std::string array_parameter(const std::vector<std::string>& values) {
    std::string text = "{";
    for (const auto& value : values) {
        text += text.size() == 1 ? "\"" : ",\"";
        for (const char c : value) {
            text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        }
        text += '"';
    }
    return text + "}";
}

}  // namespace djdb::sql
