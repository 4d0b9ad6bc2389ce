#include "reconcilers/sql/remove/reader.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

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
        " AND shobj_description(oid, 'pg_authid') = " +
        quote_literal(role_comment(names, claimant)) + ") THEN " + commands + " END IF; END"
    );
}

}  // namespace

Batch disable_reader(const TenantNames& names, const Claimant& claimant, const RoleName& reader) {
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

Statement refuse_objects(
    const TenantNames& names, const Claimant& claimant, const RoleName& reader
) {
    const auto role = quote_literal(reader.str());
    return if_ours(
        names,
        claimant,
        reader,
        "DECLARE what text; BEGIN SELECT string_agg(i.type || ' ' || i.identity, ', ') INTO what"
        " FROM (SELECT s.classid, s.objid FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid"
        " JOIN pg_roles r ON r.oid = s.refobjid WHERE d.datname = current_database()"
        " AND r.rolname = " +
            role +
            " AND s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'"
            " AND s.classid <> 'pg_largeobject'::regclass ORDER BY s.classid, s.objid LIMIT 5) o,"
            " LATERAL pg_identify_object(o.classid, o.objid, 0) i; IF what IS NOT NULL THEN " +
            raise(
                "dependent_objects_still_exist",
                "format('role %I can''t log in any more, and owns %s; in database %I drop them or"
                " run ALTER .. OWNER TO somebody else: given to the owner role they could act with"
                " its rights', " +
                    role + ", what, current_database())"
            ) +
            " END IF; END;"
    );
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
