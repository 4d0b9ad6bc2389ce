#include "reconcilers/sql/adopt/owned.hpp"

#include "reconcilers/sql/text/quote.hpp"

#include <algorithm>

namespace djdb::sql {
namespace {

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

constexpr const char* kSuperusersOnly = R"sql((
    SELECT 'pg_event_trigger'::regclass::oid AS classid, e.oid,
           CASE WHEN f.rolsuper THEN e.evtowner ELSE f.oid END AS owner
    FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_roles f ON f.oid = p.proowner
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_language'::regclass, oid, lanowner FROM pg_language WHERE oid >= 16384
    UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner FROM pg_publication WHERE puballtables)
)sql";

}  // namespace

std::string array_of(const std::vector<RoleName>& roles) {
    std::string list;
    for (const auto& role : roles) {
        list += (list.empty() ? "" : ", ") + quote_literal(role.str());
    }
    return "ARRAY[" + list + "]::text[]";
}

std::string superusers_only() {
    return on_one_line(kSuperusersOnly);
}

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

}  // namespace djdb::sql
