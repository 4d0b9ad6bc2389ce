#include "reconcilers/sql/adopt.hpp"

#include "reconcilers/sql/block.hpp"
#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/quote.hpp"

#include <algorithm>

namespace djdb::sql {
namespace {

std::string array_of(const std::vector<RoleName>& roles) {
    std::string list;
    for (const auto& role : roles) {
        list += (list.empty() ? "" : ", ") + quote_literal(role.str());
    }
    return "ARRAY[" + list + "]::text[]";
}

/// A literal may not hold line ends.
std::string on_one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

/// A subquery: every object of the current database that has an owner and can be given away by
/// itself (classid, oid, owner). Left out: what initdb made, members of extensions, temporary
/// objects, and what follows another object: indexes, row and array types, sequences of columns. A
/// partitioned table depends on itself, by its key. Multiranges follow their range in new releases
/// only. Schema public is in it.
constexpr const char* kOwned = R"sql((
SELECT o.classid, o.oid, o.owner FROM (
    SELECT 'pg_class'::regclass::oid AS classid, oid, relowner AS owner, relnamespace AS space
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typnamespace FROM pg_type
    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, pronamespace FROM pg_proc
    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, oid FROM pg_namespace
    UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, collnamespace FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, connamespace FROM pg_conversion
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, oprnamespace FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, opcnamespace FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, opfnamespace FROM pg_opfamily
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, dictnamespace FROM pg_ts_dict
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, cfgnamespace FROM pg_ts_config
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, stxnamespace FROM pg_statistic_ext
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, 0 FROM pg_foreign_server
    UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner, 0 FROM pg_publication
    WHERE NOT puballtables
    UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, 0 FROM pg_largeobject_metadata
) o LEFT JOIN pg_namespace n ON n.oid = o.space
WHERE (o.oid >= 16384 OR (o.classid = 'pg_namespace'::regclass AND n.nspname = 'public'))
AND (n.nspname IS NULL OR n.nspname !~ '^pg_(toast_)?temp_')
AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = o.classid AND d.objid = o.oid
    AND (d.deptype = 'e'
         OR (d.deptype = 'i' AND NOT (d.refclassid = d.classid AND d.refobjid = d.objid) AND NOT EXISTS (
             SELECT FROM pg_type m WHERE m.oid = d.objid AND m.typtype = 'm' AND d.classid = 'pg_type'::regclass))
         OR (d.deptype = 'a' AND d.refclassid = 'pg_class'::regclass
         AND EXISTS (SELECT FROM pg_class s WHERE s.oid = d.objid AND s.relkind = 'S'
                     AND d.classid = 'pg_class'::regclass)))))
)sql";

/// Objects that only a superuser can own. A superuser's are left as they are; somebody else's were
/// made by one who was a superuser once.
constexpr const char* kSuperusersOnly = R"sql((
    SELECT 'pg_event_trigger'::regclass::oid AS classid, e.oid,
           CASE WHEN f.rolsuper THEN e.evtowner ELSE f.oid END AS owner
    FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_roles f ON f.oid = p.proowner
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_language'::regclass, oid, lanowner FROM pg_language WHERE oid >= 16384
    UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner FROM pg_publication WHERE puballtables)
)sql";

/// WITH .. me, owners (roles whose objects may be taken over), owned: to be put before a query.
/// Objects of a superuser are taken over by a superuser only, and only when they are named.
/// @param named an expression of type text[]
std::string with_owned(const std::string& named) {
    return "WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole FROM pg_roles"
           " WHERE rolname = current_user),"
           " base AS (SELECT d.oid, d.datname, d.datdba, pg_get_userbyid(d.datdba) AS owner"
           " FROM pg_database d WHERE d.datname = current_database()),"
           " owners AS (SELECT r.oid, r.rolname FROM pg_roles r, me WHERE r.rolname = ANY (" +
           named +
           ") AND (me.rolsuper OR NOT r.rolsuper)),"
           " owned AS (SELECT * FROM " +
           on_one_line(kOwned) + " o) ";
}

/// Right hand of UNION ALL SELECT: sentences and objects, each row with an order.
std::string obstacles(const std::string& named, const TenantNames& names) {
    return with_owned(named) +
           // A superuser's public stays his, as before PostgreSQL 15 in every database.
           "SELECT 1 AS place, 'schema public does not exist; run CREATE SCHEMA public' AS line"
           " WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public')"
           // By its name: before PostgreSQL 14 nobody else may read its OID.
           " UNION ALL SELECT 6, format('subscription %I of %s', subname, "
           "pg_get_userbyid(subowner))"
           " FROM pg_subscription s, base WHERE s.subdbid = base.oid AND NOT EXISTS (SELECT FROM"
           " pg_roles WHERE oid = s.subowner AND rolsuper)"
           " UNION ALL SELECT 2, format('schema public belongs to %s; run ALTER SCHEMA public"
           " OWNER TO %I', n.nspowner::regrole, base.owner)"
           " FROM pg_namespace n, base, me WHERE n.nspname = 'public' AND NOT me.rolsuper"
           " AND n.nspowner NOT IN (SELECT oid FROM owners) AND pg_get_userbyid(n.nspowner) <> " +
           quote_literal(names.owner.str()) +
           " AND (current_setting("
           "'server_version_num')::int >= 150000 OR NOT EXISTS (SELECT FROM aclexplode(n.nspacl) a"
           " WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'))"
           " UNION ALL SELECT 3, format('the database belongs to the superuser %I; run ALTER"
           " DATABASE %I OWNER TO %I', base.owner, base.datname, me.rolname)"
           " FROM base, me WHERE NOT me.rolsuper"
           " AND (SELECT rolsuper FROM pg_roles WHERE oid = base.datdba)"
           // Where the administrator may, it makes itself a member for the time of the transaction.
           " UNION ALL SELECT 4, format('the administrator is no member of %1$I; run GRANT %1$I TO"
           " %2$I', r.rolname, me.rolname) FROM pg_roles r, me, base WHERE NOT r.rolsuper"
           " AND NOT me.rolsuper AND r.rolname <> 'pg_database_owner'"
           " AND NOT pg_has_role(me.oid, r.oid, 'USAGE')"
           " AND NOT pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')"
           " AND NOT (me.rolcreaterole AND current_setting('server_version_num')::int < 160000)"
           " AND (r.oid = base.datdba OR r.oid IN (SELECT o.owner FROM owned o JOIN owners w ON"
           " w.oid = o.owner))"
           " UNION ALL SELECT CASE o.classid WHEN 'pg_class'::regclass THEN 5 ELSE 6 END, "
           "format('%s %s of %s', i.type, i.identity,"
           " pg_get_userbyid(o.owner)) FROM (SELECT * FROM owned WHERE owner NOT IN (SELECT oid"
           " FROM owners) AND pg_get_userbyid(owner) <> " +
           quote_literal(names.owner.str()) +
           " AND NOT (classid = 'pg_namespace'::regclass AND oid = 2200)"
           " UNION ALL SELECT s.* FROM " +
           on_one_line(kSuperusersOnly) +
           " s JOIN pg_roles r ON r.oid = s.owner AND NOT r.rolsuper) o,"
           " LATERAL pg_identify_object(o.classid, o.oid, 0) i";
}

/// ALTER .. OWNER TO for each of them, schemas first: whoever gets an object must be able to create
/// in its schema.
std::string give_all(const std::string& named, const TenantNames& names) {
    return "FOR found IN " + with_owned(named) +
           "SELECT CASE WHEN i.type IN ('function', 'procedure', 'aggregate') THEN 'ROUTINE'"
           " WHEN i.type = 'statistics object' THEN 'STATISTICS' ELSE upper(i.type) END AS kind,"
           " i.identity, m.oid AS multirange FROM owned o JOIN owners w ON w.oid = o.owner"
           " LEFT JOIN pg_type m ON m.oid = o.oid AND m.typtype = 'm' AND o.classid ="
           " 'pg_type'::regclass, LATERAL pg_identify_object(o.classid, o.oid, 0) i"
           " ORDER BY o.classid <> 'pg_namespace'::regclass, m.oid IS NOT NULL, o.classid, o.oid"
           " LOOP CONTINUE WHEN EXISTS (SELECT FROM pg_type WHERE oid = found.multirange AND"
           " pg_get_userbyid(typowner) = " +
           quote_literal(names.owner.str()) +
           ");"
           " EXECUTE format('ALTER %s %s OWNER TO %I', found.kind, found.identity, " +
           quote_literal(names.owner.str()) + "); END LOOP; ";
}

/// An expression for all whose objects may be taken over: those that are named, the owner of the
/// database unless that is a superuser, and our own logins (what bears their names has our mark, or
/// the claim is refused).
std::string allowed(const TenantNames& names, std::vector<RoleName> owners) {
    owners.insert(owners.end(), {names.login_a, names.login_b, names.migrate});
    owners.emplace_back("pg_database_owner");
    return array_of(owners) +
           " || (SELECT CASE WHEN r.rolsuper THEN '{}'::text[] ELSE ARRAY[r.rolname]::text[] END"
           " FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = " +
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
        raise(kForeignDatabase, "'another database bears the name now'") +
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
    const auto named = quote_literal(owners) + "::text[]";
    const auto owner = quote_literal(names.owner.str());
    const std::string body =
        "DECLARE found record; lines text; who text; lent text[] := '{}'; options text := CASE WHEN"
        " current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE'"
        " ELSE '' END; BEGIN IF NOT EXISTS (SELECT FROM pg_database WHERE datname ="
        " current_database() AND oid::bigint = " +
        quote_literal(oid) + "::bigint) THEN " +
        raise(kForeignDatabase, "'another database bears the name now'") +
        " END IF; SELECT string_agg(line, '; ') INTO lines FROM (SELECT line FROM (" +
        obstacles(named, names) +
        ") o ORDER BY place, line LIMIT 10) shown; IF lines IS NOT NULL THEN " +
        raise(kAdoptionRefused, "lines") + " END IF; FOR who IN " + with_owned(named) +
        "SELECT DISTINCT r.rolname FROM pg_roles r, me, base WHERE"
        " NOT pg_has_role(me.oid, r.oid, 'USAGE') AND r.rolname <> 'pg_database_owner'"
        " AND (r.oid = base.datdba OR r.oid IN (SELECT o.owner FROM owned o JOIN owners w ON"
        " w.oid = o.owner)) LOOP EXECUTE format('GRANT %I TO CURRENT_USER%s', who, options);"
        " lent := lent || who; END LOOP;"
        " EXECUTE format('ALTER DATABASE %I OWNER TO CURRENT_USER', current_database());"
        " EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), " +
        owner + "); " + give_all(named, names) +
        "FOREACH who IN ARRAY lent LOOP EXECUTE format('REVOKE %I FROM CURRENT_USER', who);"
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

Batch give_up_strays(const TenantNames& names, const std::vector<RoleName>& logins) {
    const std::string body =
        "DECLARE found record; BEGIN " + give_all(array_of(logins), names) + "END";
    std::string list;
    for (const auto& login : logins) {
        list += (list.empty() ? "" : ", ") + quote_identifier(login.str());
    }
    return {block(body), {"DROP OWNED BY " + list}};
}

}  // namespace djdb::sql
