#include "reconcilers/sql/catalog.hpp"

namespace djdb::sql {
namespace {

/// Everything but the first list, `wanted(database, role)`. Correlated subselects would read
/// pg_db_role_setting once for each tenant. PUBLIC and "every role" have the empty name, which no
/// role can have. Before 16 memberships have no options of their own.
constexpr const char* kFacts = R"sql(
d AS MATERIALIZED (
    SELECT * FROM pg_database WHERE datname IN (SELECT database FROM wanted)
), r AS MATERIALIZED (
    SELECT w.database, p.* FROM wanted w JOIN pg_roles p ON p.rolname = w.role
), acl AS (
    SELECT datname, jsonb_object_agg(grantee, privileges) AS list FROM (
        SELECT d.datname, CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END AS grantee,
               jsonb_agg(DISTINCT a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END) AS privileges
        FROM d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a GROUP BY 1, 2) x
    GROUP BY 1
), settings AS (
    SELECT d.datname, jsonb_object_agg(
        CASE s.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(s.setrole)::text END, to_jsonb(s.setconfig)) AS list
    FROM pg_db_role_setting s JOIN d ON d.oid = s.setdatabase GROUP BY 1
), strays AS (
    SELECT datname, jsonb_object_agg(owner, objects) AS list FROM (
        SELECT d.datname, pg_get_userbyid(s.refobjid)::text AS owner, count(*) AS objects
        FROM pg_shdepend s JOIN d ON d.oid = s.dbid LEFT JOIN r ON r.database = d.datname AND r.oid = s.refobjid
        WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'
        AND r.rolname IS DISTINCT FROM d.datname || '_owner' GROUP BY 1, 2) x
    GROUP BY 1
), roles AS (
    SELECT r.database, jsonb_object_agg(r.rolname, jsonb_build_object(
        'super', rolsuper, 'createdb', rolcreatedb, 'createrole', rolcreaterole, 'replication', rolreplication,
        'bypassrls', rolbypassrls, 'inherit', rolinherit, 'login', rolcanlogin, 'limit', rolconnlimit,
        'until', CASE WHEN rolvaliduntil <> 'infinity' THEN rolvaliduntil::date END,
        'settings', to_jsonb(rolconfig), 'mark', s.description)) AS list
    FROM r LEFT JOIN pg_shdescription s ON s.objoid = r.oid AND s.classoid = 'pg_authid'::regclass GROUP BY 1
), edges AS (
    SELECT database, jsonb_agg(jsonb_build_object(
        'group', g.rolname, 'member', u.rolname, 'admin', e.admin, 'inherit', e.inherit, 'set', e.set,
        'administers', u.rolsuper OR u.rolcreaterole) ORDER BY g.rolname, u.rolname) AS list
    FROM (
        SELECT database, roleid, member, bool_or(admin_option) AS admin,
               bool_or(coalesce((options ->> 'inherit_option')::bool, true)) AS inherit,
               bool_or(coalesce((options ->> 'set_option')::bool, true)) AS set
        FROM (
            SELECT r.database, m.*, to_jsonb(m) AS options FROM pg_auth_members m JOIN r ON r.oid = m.member
            UNION
            SELECT r.database, m.*, to_jsonb(m) FROM pg_auth_members m JOIN r ON r.oid = m.roleid) m
        GROUP BY 1, 2, 3) e
    JOIN pg_roles g ON g.oid = e.roleid JOIN pg_roles u ON u.oid = e.member GROUP BY 1
), names AS (
    SELECT database, jsonb_agg(role ORDER BY role) AS list FROM djangodb.claimed_role
    WHERE database IN (SELECT database FROM wanted) GROUP BY 1
), facts AS (
    SELECT n.database, jsonb_build_object(
        'admin', current_user, 'claim', to_jsonb(c), 'names', names.list, 'oid', d.oid::bigint,
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
