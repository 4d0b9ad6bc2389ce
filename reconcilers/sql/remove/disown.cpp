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
        "DECLARE login record; found record; BEGIN FOR login IN SELECT r.oid, r.rolname FROM"
        " pg_roles r WHERE r.rolname = ANY (" +
        array_of(logins) + ") AND shobj_description(r.oid, 'pg_authid') = " +
        quote_literal(role_comment(names, claimant)) + " LOOP " +
        give_all("ARRAY[login.rolname]::text[]", names) +
        "IF NOT EXISTS (SELECT FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid WHERE"
        " d.datname = current_database() AND s.refclassid = 'pg_authid'::regclass AND s.refobjid ="
        " login.oid AND s.deptype = 'o') THEN EXECUTE format('DROP OWNED BY %I', login.rolname);"
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
