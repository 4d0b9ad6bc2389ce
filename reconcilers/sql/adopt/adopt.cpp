#include "reconcilers/sql/adopt/adopt.hpp"

#include "reconcilers/sql/adopt/owned.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

/// Right hand of UNION ALL SELECT: sentences and objects, each row with an order.
std::string obstacles(const std::string& named, const TenantNames& names) {
    return with_owned(named) +
           // A superuser's public stays his, as before PostgreSQL 15 in every database.
           "SELECT 1 AS place, 'schema public does not exist; run CREATE SCHEMA public' AS line"
           " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname "
           "OPERATOR(pg_catalog.=) 'public')"
           // By its name: before PostgreSQL 14 nobody else may read its OID.
           " UNION ALL SELECT 6, pg_catalog.format('subscription %I of %s', subname, "
           "pg_catalog.pg_get_userbyid(subowner))"
           " FROM pg_catalog.pg_subscription s, base WHERE s.subdbid OPERATOR(pg_catalog.=) "
           "base.oid AND NOT EXISTS (SELECT FROM"
           " pg_catalog.pg_roles WHERE oid OPERATOR(pg_catalog.=) s.subowner AND rolsuper)"
           " UNION ALL SELECT 2, pg_catalog.format('schema public belongs to %s; run ALTER SCHEMA "
           "public"
           " OWNER TO %I', n.nspowner::pg_catalog.regrole, base.owner)"
           " FROM pg_catalog.pg_namespace n, base, me WHERE n.nspname OPERATOR(pg_catalog.=) "
           "'public' AND NOT me.rolsuper"
           " AND n.nspowner OPERATOR(pg_catalog.<>) ALL (SELECT oid FROM owners) AND "
           "pg_catalog.pg_get_userbyid(n.nspowner) OPERATOR(pg_catalog.<>) " +
           quote_literal(names.owner.str()) +
           " AND (pg_catalog.current_setting("
           "'server_version_num')::int OPERATOR(pg_catalog.>=) 150000 OR NOT EXISTS (SELECT FROM "
           "pg_catalog.aclexplode(n.nspacl) a"
           " WHERE a.grantee OPERATOR(pg_catalog.=) 0 AND a.privilege_type OPERATOR(pg_catalog.=) "
           "'CREATE'))"
           " UNION ALL SELECT 3, pg_catalog.format('the database belongs to the superuser %I; run "
           "ALTER"
           " DATABASE %I OWNER TO %I', base.owner, base.datname, me.rolname)"
           " FROM base, me WHERE NOT me.rolsuper"
           " AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE oid OPERATOR(pg_catalog.=) "
           "base.datdba)"
           // Where the administrator may, it makes itself a member for the time of the transaction.
           " UNION ALL SELECT 4, pg_catalog.format('the administrator is no member of %1$I; run "
           "GRANT %1$I TO"
           " %2$I', r.rolname, me.rolname) FROM pg_catalog.pg_roles r, me, base WHERE NOT "
           "r.rolsuper"
           " AND NOT me.rolsuper AND r.rolname OPERATOR(pg_catalog.<>) 'pg_database_owner'"
           " AND NOT pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')"
           " AND NOT pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')"
           " AND NOT (me.rolcreaterole AND pg_catalog.current_setting('server_version_num')::int "
           "OPERATOR(pg_catalog.<) 160000)"
           " AND (r.oid OPERATOR(pg_catalog.=) base.datdba OR r.oid OPERATOR(pg_catalog.=) ANY "
           "(SELECT o.owner FROM owned o JOIN owners w ON"
           " w.oid OPERATOR(pg_catalog.=) o.owner))"
           " UNION ALL SELECT CASE WHEN o.classid OPERATOR(pg_catalog.=) "
           "'pg_catalog.pg_class'::pg_catalog.regclass THEN 5 ELSE 6 END, "
           "pg_catalog.format('%s %s of %s', i.type, i.identity,"
           " pg_catalog.pg_get_userbyid(o.owner)) FROM (SELECT * FROM owned WHERE owner "
           "OPERATOR(pg_catalog.<>) ALL (SELECT oid"
           " FROM owners) AND pg_catalog.pg_get_userbyid(owner) OPERATOR(pg_catalog.<>) " +
           quote_literal(names.owner.str()) +
           " AND NOT (classid OPERATOR(pg_catalog.=) "
           "'pg_catalog.pg_namespace'::pg_catalog.regclass AND oid OPERATOR(pg_catalog.=) 2200)"
           " UNION ALL SELECT s.* FROM " +
           superusers_only() +
           " s JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.owner AND NOT "
           "r.rolsuper) o,"
           " LATERAL pg_catalog.pg_identify_object(o.classid, o.oid, 0) i";
}

/// An expression for all whose objects may be taken over: those that are named, the owner of the
/// database unless that is a superuser, and our own logins (what has their names has our comment, or
/// the claim is refused).
std::string allowed(const TenantNames& names, std::vector<RoleName> owners) {
    owners.insert(owners.end(), {names.login_a, names.login_b, names.migrate});
    owners.emplace_back("pg_database_owner");
    return array_of(owners) +
           " OPERATOR(pg_catalog.||) (SELECT CASE WHEN r.rolsuper THEN '{}'::pg_catalog.text[] "
           "ELSE ARRAY[r.rolname]::pg_catalog.text[] END"
           " FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid "
           "OPERATOR(pg_catalog.=) d.datdba WHERE d.datname OPERATOR(pg_catalog.=) " +
           quote_literal(names.database.str()) + ")";
}

}  // namespace

Statement find_adoptable(const TenantNames& names) {
    return {
        "SELECT d.oid::bigint, pg_get_userbyid(d.datdba), CASE"
        " WHEN d.oid < 16384 OR d.datname IN ('postgres', 'template0', 'template1', 'rdsadmin',"
        " 'cloudsqladmin', 'azure_maintenance', 'azure_sys', current_database())"
        " THEN 'it is the server''s own or the operator''s'"
        " WHEN d.datconnlimit = -2 THEN 'it was dropped half-way; only DROP DATABASE works on it'"
        " WHEN d.datistemplate THEN 'it is a template'"
        " WHEN NOT d.datallowconn THEN 'it is closed to connections'"
        " WHEN NOT has_database_privilege(d.oid, 'CONNECT') THEN format('the administrator may not"
        " connect to it; run GRANT CONNECT ON DATABASE %I TO %I', d.datname, current_user)"
        " END FROM pg_database d WHERE d.datname = $1",
        {names.database.str()}};
}

Statement list_obstacles_of_adoption(
    const TenantNames& names, const std::vector<RoleName>& owners
) {
    return {
        "SELECT line FROM (" + obstacles(allowed(names, owners), names) +
        ") o ORDER BY place, line"};
}

Batch claim_existing(
    const TenantNames& names,
    const TenantSetup& setup,
    const Claimant& claimant,
    const std::string& oid,
    const std::vector<RoleName>& owners
) {
    const auto database = quote_literal(names.database.str());
    const std::string body =
        "DECLARE held djangodb.claim; BEGIN IF NOT EXISTS (SELECT FROM pg_database WHERE datname"
        " = " +
        database + " AND oid::bigint = " + quote_literal(oid) + "::bigint) THEN " +
        raise(kForeignDatabase, "'another database has the name now'") +
        " END IF; SELECT * INTO held FROM djangodb.claim WHERE database_oid = " +
        quote_literal(oid) + "::bigint AND database <> " + database + "; IF FOUND THEN " +
        raise(
            kClaimedByOther,
            "format('it is database \"%s\" under another name, claimed by %s/%s of cluster %s',"
            " held.database, held.namespace, held.name, held.cluster_id)"
        ) +
        " END IF; END";
    return {
        lock_tenant(names),
        refuse_deleted(names, claimant),
        refuse_foreign_roles(names, setup, claimant),
        block(body),
        write_claim(names, claimant),
        {"UPDATE djangodb.claim SET database_oid = $1::bigint, configured_at = NULL"
         " WHERE database = $2",
         {oid, names.database.str()}},
        {"INSERT INTO djangodb.adoption (database, former_owners) SELECT $1, " +
             allowed(names, owners) +
             " ON CONFLICT (database) DO UPDATE SET"
             " former_owners = excluded.former_owners, adopted_at = NULL",
         {names.database.str()}},
        count_revision()};
}

Statement find_adoption(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT c.database_oid, a.former_owners FROM djangodb.adoption a"
        " JOIN djangodb.claim c USING (database) WHERE a.adopted_at IS NULL AND c." +
        is_mine(names, claimant)};
}

Batch adopt(const TenantNames& names, const std::string& oid, const std::string& owners) {
    const auto named = quote_literal(owners) + "::pg_catalog.text[]";
    const auto owner = quote_literal(names.owner.str());
    const std::string body =
        "DECLARE found pg_catalog.record; lines pg_catalog.text; who pg_catalog.text; lent "
        "pg_catalog.text[] := '{}'; options pg_catalog.text := CASE WHEN"
        " pg_catalog.current_setting('server_version_num')::int OPERATOR(pg_catalog.>=) 160000 "
        "THEN ' WITH INHERIT TRUE, SET TRUE'"
        " ELSE '' END; BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname"
        " OPERATOR(pg_catalog.=) pg_catalog.current_database() AND oid::bigint "
        "OPERATOR(pg_catalog.=) " +
        quote_literal(oid) + "::bigint) THEN " +
        raise(kForeignDatabase, "'another database has the name now'") +
        " END IF; SELECT pg_catalog.string_agg(line, '; ') INTO lines FROM (SELECT line FROM (" +
        obstacles(named, names) +
        ") o ORDER BY place, line LIMIT 10) shown; IF lines IS NOT NULL THEN " +
        raise(kAdoptionRefused, "lines") + " END IF; FOR who IN " + with_owned(named) +
        "SELECT DISTINCT r.rolname FROM pg_catalog.pg_roles r, me, base WHERE"
        " NOT pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE') AND r.rolname OPERATOR(pg_catalog.<>) "
        "'pg_database_owner'"
        " AND (r.oid OPERATOR(pg_catalog.=) base.datdba OR r.oid OPERATOR(pg_catalog.=) ANY "
        "(SELECT o.owner FROM owned o JOIN owners w ON"
        " w.oid OPERATOR(pg_catalog.=) o.owner)) LOOP EXECUTE pg_catalog.format('GRANT %I TO "
        "CURRENT_USER%s', who, options);"
        " lent := lent OPERATOR(pg_catalog.||) who; END LOOP;"
        " EXECUTE pg_catalog.format('ALTER DATABASE %I OWNER TO CURRENT_USER', "
        "pg_catalog.current_database());"
        " EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I', "
        "pg_catalog.current_database(), " +
        owner + "); " + give_all(named, names) +
        "FOREACH who IN ARRAY lent LOOP EXECUTE pg_catalog.format('REVOKE %I FROM CURRENT_USER', "
        "who);"
        " END LOOP; END";
    return {block(body)};
}

Batch note_adopted(const TenantNames& names, const Claimant& claimant) {
    return {
        lock_tenant(names),
        require_claim(names, claimant),
        {"UPDATE djangodb.adoption SET adopted_at = now() WHERE database = $1",
         {names.database.str()}}};
}

}  // namespace djdb::sql
