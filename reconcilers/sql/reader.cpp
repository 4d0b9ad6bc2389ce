#include "reconcilers/sql/reader.hpp"

#include "reconcilers/sql/block.hpp"
#include "reconcilers/sql/claim.hpp"
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

Batch disown_reader(const TenantNames& names, const Claimant& claimant, const RoleName& reader) {
    const auto role = quote_identifier(reader.str());
    return {if_ours(
        names,
        claimant,
        reader,
        "IF EXISTS (SELECT FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid WHERE"
        " s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND s.dbid = 0 AND r.rolname "
        "= " +
            quote_literal(reader.str()) + ") THEN " +
            raise("2BP01", quote_literal("role \"" + reader.str() + "\" owns a database")) +
            " END IF; REASSIGN OWNED BY " + role + " TO " + quote_identifier(names.owner.str()) +
            "; DROP OWNED BY " + role + ";"
    )};
}

Batch drop_reader(const TenantNames& names, const Claimant& claimant, const RoleName& reader) {
    return {
        lock_tenant(names),
        require_claim(names, claimant),
        if_ours(names, claimant, reader, "DROP ROLE " + quote_identifier(reader.str()) + ";"),
        {"DELETE FROM djangodb.claimed_role WHERE role = $1 AND database = $2",
         {reader.str(), names.database.str()}}};
}

}  // namespace djdb::sql
