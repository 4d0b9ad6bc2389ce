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
        "BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname "
        "OPERATOR(pg_catalog.=) " +
        quote_literal(reader.str()) + " AND " + has_comment("r.oid", names, claimant) + ") THEN " +
        commands + " END IF; END"
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
                " NOLOGIN PASSWORD NULL; PERFORM pg_catalog.pg_terminate_backend(pid) FROM "
                "pg_catalog.pg_stat_activity"
                " WHERE usename OPERATOR(pg_catalog.=) " +
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
        "DECLARE what pg_catalog.text; BEGIN SELECT pg_catalog.string_agg(i.type "
        "OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) i.identity, ', ') INTO what"
        " FROM (SELECT s.classid, s.objid FROM pg_catalog.pg_shdepend s JOIN "
        "pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.dbid"
        " JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.refobjid WHERE d.datname "
        "OPERATOR(pg_catalog.=) pg_catalog.current_database()"
        " AND r.rolname OPERATOR(pg_catalog.=) " +
            role +
            " AND s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass "
            "AND s.deptype OPERATOR(pg_catalog.=) 'o'"
            " AND s.classid OPERATOR(pg_catalog.<>) "
            "'pg_catalog.pg_largeobject'::pg_catalog.regclass ORDER BY s.classid, s.objid LIMIT 5) "
            "o,"
            " LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i; IF what IS NOT NULL "
            "THEN " +
            raise(
                "dependent_objects_still_exist",
                "pg_catalog.format('role %I can''t log in any more, and owns %s; in database %I "
                "drop them or"
                " run ALTER .. OWNER TO somebody else: given to the owner role they could act with"
                " its rights', " +
                    role + ", what, pg_catalog.current_database())"
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
