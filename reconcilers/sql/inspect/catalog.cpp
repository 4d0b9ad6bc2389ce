#include "reconcilers/sql/inspect/catalog.hpp"

namespace djdb::sql {
namespace {

/// Everything but the first list, `wanted(database, roles, claimed)`: a row for each tenant. What
/// belongs to a tenant is looked up by index from its row, so that one tenant costs the same
/// whether the server has ten or three thousand, and there is little to plan. MATERIALIZED: two
/// columns are made of the facts. OFFSET 0: the index of owners would be read whole. PUBLIC and
/// "every role" have the empty name, which no role can have. Before 16 memberships have no options
/// of their own: their names then mean the columns of before_16.
constexpr const char* kFacts = R"sql(
facts AS MATERIALIZED (
    SELECT n.database, json_build_object(
        'admin', current_user, 'version', current_setting('server_version_num')::int, 'claim', to_json(c), 'names', n.claimed, 'oid', d.oid::bigint,
        'owner', pg_get_userbyid(d.datdba), 'open', d.datallowconn, 'limit', d.datconnlimit,
        'acl', (
            SELECT json_object_agg(grantee, privileges) FROM (
                SELECT CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END AS grantee,
                       json_agg(DISTINCT a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END) AS privileges
                FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a GROUP BY 1 ORDER BY 1) x),
        'settings', (
            SELECT json_object_agg(
                CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole)::text END, to_json(setconfig))
            FROM (SELECT * FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY setrole) x),
        'strays', (
            SELECT json_object_agg(owner, objects) FROM (
                SELECT pg_get_userbyid(s.refobjid)::text AS owner, count(*) AS objects
                FROM (SELECT * FROM pg_shdepend WHERE dbid = d.oid OFFSET 0) s
                WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND s.refobjid IS DISTINCT FROM r.owner
                GROUP BY 1 ORDER BY 1) x),
        'roles', (
            SELECT json_object_agg(p.rolname, json_build_object(
                'super', rolsuper, 'createdb', rolcreatedb, 'createrole', rolcreaterole, 'replication', rolreplication,
                'bypassrls', rolbypassrls, 'inherit', rolinherit, 'login', rolcanlogin, 'limit', rolconnlimit,
                'until', CASE WHEN rolvaliduntil <> 'infinity' THEN rolvaliduntil::date END,
                'settings', to_json(rolconfig), 'mark', (
                    SELECT s.description FROM pg_shdescription s
                    WHERE s.objoid = p.oid AND s.classoid = 'pg_authid'::regclass)))
            FROM (SELECT * FROM pg_roles WHERE oid = ANY (r.oids) ORDER BY rolname) p),
        'edges', (
            SELECT json_agg(json_build_object(
                'group', group_name, 'member', member_name, 'admin', admin, 'inherit', inherit, 'set', set,
                'administers', administers))
            FROM (
                SELECT g.rolname AS group_name, u.rolname AS member_name, bool_or(admin_option) AS admin,
                       bool_or(m.inherit_option) AS inherit, bool_or(m.set_option) AS set,
                       bool_or(u.rolsuper OR u.rolcreaterole) AS administers
                FROM (SELECT true AS inherit_option, true AS set_option) before_16 CROSS JOIN LATERAL (
                    SELECT roleid, member, admin_option, inherit_option, set_option FROM pg_auth_members
                    WHERE roleid = ANY (r.oids)
                    UNION ALL SELECT roleid, member, admin_option, inherit_option, set_option FROM pg_auth_members
                    WHERE member = ANY (r.oids) AND roleid <> ALL (r.oids)) m
                JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
                GROUP BY 1, 2 ORDER BY 1, 2) x)) AS facts
    FROM wanted n
    LEFT JOIN djangodb.claim c ON c.database = n.database
    LEFT JOIN pg_database d ON d.datname = n.database
    CROSS JOIN LATERAL (
        SELECT array_agg(p.oid) AS oids, max(p.oid) FILTER (WHERE p.rolname = n.database || '_owner') AS owner
        FROM pg_roles p WHERE p.rolname = ANY (n.roles)) r
)
)sql";

std::string with_facts(const std::string& wanted) {
    return "WITH wanted AS MATERIALIZED (" + wanted + "), " + kFacts;
}

}  // namespace

std::string facts_of_tenant(const std::string& database, const std::string& roles) {
    const auto claimed = " FROM djangodb.claimed_role WHERE database = " + database;
    return with_facts(
               "SELECT " + database + "::text AS database, ARRAY(SELECT unnest(" + roles +
               "::text[]) UNION SELECT role" + claimed +
               ") AS roles, (SELECT json_agg(role ORDER BY role)" + claimed + ") AS claimed"
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
            "SELECT database, array_agg(role) AS roles, json_agg(role ORDER BY role) AS claimed"
            " FROM djangodb.claimed_role WHERE database = ANY ($1::text[]) GROUP BY database"
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
