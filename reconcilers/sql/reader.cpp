#include "reconcilers/sql/reader.hpp"

#include "reconcilers/sql/block.hpp"
#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/disown.hpp"
#include "reconcilers/sql/quote.hpp"

namespace djdb::sql {
namespace {

/// Runs the commands when the role is there and ours.
Statement if_ours(
    const TenantNames& names,
    const Claimant& claimant,
    const RoleName& reader,
    const std::string& commands
) {
    return block(
        "BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = " + quote_literal(reader.str()) +
        " AND shobj_description(oid, 'pg_authid') = " + quote_literal(mark(names, claimant)) +
        ") THEN " + commands + " END IF; END"
    );
}

}  // namespace

Batch shut_reader(const TenantNames& names, const Claimant& claimant, const RoleName& reader) {
    const auto role = quote_identifier(reader.str());
    return {
        lock_tenant(names),
        require_claim(names, claimant),
        if_ours(
            names,
            claimant,
            reader,
            "ALTER ROLE " + role +
                " NOLOGIN PASSWORD NULL; PERFORM pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = " +
                quote_literal(reader.str()) + ";"
        )};
}

Batch drop_reader(const TenantNames& names, const Claimant& claimant, const RoleName& reader) {
    return {
        lock_tenant(names),
        require_claim(names, claimant),
        if_ours(
            names,
            claimant,
            reader,
            "DECLARE why text; BEGIN DROP ROLE " + quote_identifier(reader.str()) +
                "; EXCEPTION WHEN dependent_objects_still_exist THEN SELECT format('run REASSIGN"
                " OWNED BY and DROP OWNED BY %I in %s: there it owns objects or has rights',"
                " r.rolname, " +
                where_it_has_something() +
                ") INTO why FROM pg_roles r WHERE r.rolname = " + quote_literal(reader.str()) +
                "; " + raise("dependent_objects_still_exist", "why") + " END;"
        ),
        {"DELETE FROM djangodb.claimed_role WHERE role = $1 AND database = $2",
         {reader.str(), names.database.str()}}};
}

}  // namespace djdb::sql
