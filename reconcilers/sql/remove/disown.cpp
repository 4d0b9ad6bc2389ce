#include "reconcilers/sql/remove/disown.hpp"

#include "reconcilers/sql/adopt/owned.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {

Batch disown(
    const TenantNames& names, const Claimant& claimant, const std::vector<RoleName>& logins
) {
    return {block(
        "DECLARE login pg_catalog.record; found pg_catalog.record; BEGIN FOR login IN SELECT "
        "r.oid, r.rolname FROM"
        " pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) ANY (" +
        array_of(logins) + ") AND " + has_comment("r.oid", names, claimant) + " LOOP " +
        give_all("ARRAY[login.rolname]::pg_catalog.text[]", names) +
        "IF NOT EXISTS (SELECT FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_database d ON "
        "d.oid OPERATOR(pg_catalog.=) s.dbid WHERE"
        " d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND s.refclassid "
        "OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid"
        " OPERATOR(pg_catalog.=) login.oid AND s.deptype OPERATOR(pg_catalog.=) 'o') THEN EXECUTE "
        "pg_catalog.format('DROP OWNED BY %I', login.rolname);"
        " END IF; END LOOP; END"
    )};
}

std::string where_it_has_something() {
    return "(SELECT string_agg(DISTINCT coalesce('database \"' || d.datname || '\"', 'the whole "
           "server'),"
           " ', ') FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid WHERE s.refobjid = "
           "r.oid"
           " AND s.refclassid = 'pg_authid'::regclass)";
}

}  // namespace djdb::sql
