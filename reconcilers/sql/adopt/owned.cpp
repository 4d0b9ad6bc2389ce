#include "reconcilers/sql/adopt/owned.hpp"

#include "reconcilers/sql/text/quote.hpp"

#include <algorithm>
#include <array>

namespace djdb::sql {
namespace {

/// A literal may not hold line ends.
std::string on_one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

struct OwnedKind {
    const char* class_name;
    const char* catalog;
    const char* owner;
    const char* schema;
    const char* condition = "";
};

constexpr std::array kOwnedKinds{
    OwnedKind{
        "pg_class",
        "pg_class",
        "relowner",
        "relnamespace",
        " WHERE relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,S,f}'::pg_catalog.\"char\"[])"},
    OwnedKind{"pg_type", "pg_type", "typowner", "typnamespace"},
    OwnedKind{"pg_proc", "pg_proc", "proowner", "pronamespace"},
    OwnedKind{"pg_namespace", "pg_namespace", "nspowner", "oid"},
    OwnedKind{"pg_collation", "pg_collation", "collowner", "collnamespace"},
    OwnedKind{"pg_conversion", "pg_conversion", "conowner", "connamespace"},
    OwnedKind{"pg_operator", "pg_operator", "oprowner", "oprnamespace"},
    OwnedKind{"pg_opclass", "pg_opclass", "opcowner", "opcnamespace"},
    OwnedKind{"pg_opfamily", "pg_opfamily", "opfowner", "opfnamespace"},
    OwnedKind{"pg_ts_dict", "pg_ts_dict", "dictowner", "dictnamespace"},
    OwnedKind{"pg_ts_config", "pg_ts_config", "cfgowner", "cfgnamespace"},
    OwnedKind{"pg_statistic_ext", "pg_statistic_ext", "stxowner", "stxnamespace"},
    OwnedKind{"pg_foreign_server", "pg_foreign_server", "srvowner", "0"},
    OwnedKind{"pg_publication", "pg_publication", "pubowner", "0", " WHERE NOT puballtables"},
    OwnedKind{"pg_largeobject", "pg_largeobject_metadata", "lomowner", "0"}};

/// Rows (classid, oid, owner, schema).
std::string all_owned() {
    std::string rows;
    for (const auto& kind : kOwnedKinds) {
        rows += (rows.empty() ? "SELECT '" : " UNION ALL SELECT '") + std::string("pg_catalog.") +
                kind.class_name + "'::pg_catalog.regclass::pg_catalog.oid AS classid, oid, " +
                kind.owner + " AS owner, " + kind.schema + " AS schema FROM pg_catalog." +
                kind.catalog + kind.condition;
    }
    return rows;
}

/// Which of them can be given away by themselves. Left out: what initdb made, members of extensions,
/// temporary objects, and what follows another object: indexes, row and array types, sequences of
/// columns. A partitioned table depends on itself, by its key. Multiranges follow their range in new
/// releases only. Schema public is in it.
constexpr const char* kStandsAlone = R"sql(
(o.oid OPERATOR(pg_catalog.>=) 16384
 OR (o.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
     AND n.nspname OPERATOR(pg_catalog.=) 'public'))
AND (n.nspname IS NULL OR n.nspname OPERATOR(pg_catalog.!~) '^pg_(toast_)?temp_')
AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid OPERATOR(pg_catalog.=) o.classid AND d.objid OPERATOR(pg_catalog.=) o.oid
    AND (d.deptype OPERATOR(pg_catalog.=) 'e'
         OR (d.deptype OPERATOR(pg_catalog.=) 'i'
             AND NOT (d.refclassid OPERATOR(pg_catalog.=) d.classid
                      AND d.refobjid OPERATOR(pg_catalog.=) d.objid)
             AND NOT EXISTS (
                 SELECT FROM pg_catalog.pg_type m WHERE m.oid OPERATOR(pg_catalog.=) d.objid
                 AND m.typtype OPERATOR(pg_catalog.=) 'm'
                 AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass))
         OR (d.deptype OPERATOR(pg_catalog.=) 'a'
             AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
             AND EXISTS (
                 SELECT FROM pg_catalog.pg_class s WHERE s.oid OPERATOR(pg_catalog.=) d.objid
                 AND s.relkind OPERATOR(pg_catalog.=) 'S'
                 AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass)))))sql";

constexpr const char* kSuperusersOnly = R"sql((
    SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass::pg_catalog.oid AS classid, e.oid,
           CASE WHEN f.rolsuper THEN e.evtowner ELSE f.oid END AS owner
    FROM pg_catalog.pg_event_trigger e
    JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) e.evtfoid
    JOIN pg_catalog.pg_roles f ON f.oid OPERATOR(pg_catalog.=) p.proowner
    UNION ALL SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, oid, fdwowner
    FROM pg_catalog.pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, oid, lanowner
    FROM pg_catalog.pg_language WHERE oid OPERATOR(pg_catalog.>=) 16384
    UNION ALL SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, oid, pubowner
    FROM pg_catalog.pg_publication WHERE puballtables)
)sql";

}  // namespace

std::string array_of(const std::vector<RoleName>& roles) {
    std::string list;
    for (const auto& role : roles) {
        list += (list.empty() ? "" : ", ") + quote_literal(role.str());
    }
    return "ARRAY[" + list + "]::pg_catalog.text[]";
}

std::string superusers_only() {
    return on_one_line(kSuperusersOnly);
}

std::string with_owned(const std::string& named) {
    return "WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole FROM pg_catalog.pg_roles"
           " WHERE rolname OPERATOR(pg_catalog.=) current_user),"
           " base AS (SELECT d.oid, d.datname, d.datdba, pg_catalog.pg_get_userbyid(d.datdba) AS "
           "owner"
           " FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) "
           "pg_catalog.current_database()),"
           " owners AS (SELECT r.oid, r.rolname FROM pg_catalog.pg_roles r, me WHERE r.rolname "
           "OPERATOR(pg_catalog.=) ANY (" +
           named +
           ") AND (me.rolsuper OR NOT r.rolsuper)),"
           " owned AS (SELECT o.classid, o.oid, o.owner FROM (" +
           all_owned() +
           ") o LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.schema"
           " WHERE" +
           on_one_line(kStandsAlone) + ") ";
}

std::string give_all(const std::string& named, const TenantNames& names) {
    return "FOR found IN " + with_owned(named) +
           "SELECT CASE WHEN i.type OPERATOR(pg_catalog.=) ANY (ARRAY['function', 'procedure', "
           "'aggregate']) THEN 'ROUTINE'"
           " WHEN i.type OPERATOR(pg_catalog.=) 'statistics object' THEN 'STATISTICS' ELSE "
           "pg_catalog.upper(i.type) END AS kind,"
           " i.identity, m.oid AS multirange FROM owned o JOIN owners w ON w.oid "
           "OPERATOR(pg_catalog.=) o.owner"
           " LEFT JOIN pg_catalog.pg_type m ON m.oid OPERATOR(pg_catalog.=) o.oid AND m.typtype "
           "OPERATOR(pg_catalog.=) 'm' AND o.classid"
           " OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass, LATERAL "
           "pg_catalog.pg_identify_object(o.classid, o.oid, 0) i"
           " ORDER BY o.classid OPERATOR(pg_catalog.<>) "
           "'pg_catalog.pg_namespace'::pg_catalog.regclass, m.oid IS NOT NULL, o.classid, o.oid"
           " LOOP CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_type WHERE oid "
           "OPERATOR(pg_catalog.=) found.multirange AND"
           " pg_catalog.pg_get_userbyid(typowner) OPERATOR(pg_catalog.=) " +
           quote_literal(names.owner.str()) +
           ");"
           " EXECUTE pg_catalog.format('ALTER %s %s OWNER TO %I', found.kind, found.identity, " +
           quote_literal(names.owner.str()) + "); END LOOP; ";
}

}  // namespace djdb::sql
