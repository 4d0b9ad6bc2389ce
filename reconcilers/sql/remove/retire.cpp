#include "reconcilers/sql/remove/retire.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

/// Rows of pg_roles that can log in as this tenant: the ledger has their names, and a namesake
/// without our comment is not ours.
std::string are_own_logins(const TenantNames& names, const Claimant& claimant) {
    return are_own_roles(names, claimant) + " AND r.rolname NOT IN (" +
           quote_literal(names.owner.str()) + ", " + quote_literal(names.read_write.str()) + ", " +
           quote_literal(names.read_only.str()) + ")";
}

Batch update_and_disable(
    const TenantNames& names, const Claimant& claimant, const std::string& update
) {
    const std::string body =
        "DECLARE login name; BEGIN " + update +
        "; IF NOT FOUND THEN RETURN; END IF; FOR login IN SELECT rolname FROM pg_roles r WHERE " +
        are_own_logins(names, claimant) +
        " LOOP EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', login); END LOOP; END";
    return {lock_tenant(names), block(body), count_revision()};
}

std::string is_retained(const TenantNames& names, const Claimant& claimant) {
    return "EXISTS (SELECT FROM djangodb.claim WHERE state = 'retained' AND " +
           is_of_resource(names, claimant) + ")";
}

}  // namespace

Batch retire(const TenantNames& names, const Claimant& claimant) {
    return update_and_disable(
        names,
        claimant,
        "UPDATE djangodb.claim SET state = 'retained' WHERE " + is_of_resource(names, claimant)
    );
}

Batch reattach(const TenantNames& names, const Claimant& claimant) {
    return update_and_disable(
        names,
        claimant,
        "UPDATE djangodb.claim SET state = 'retained', resource_uid = " +
            quote_literal(claimant.uid.str()) + " WHERE " + is_of_key(names, claimant) +
            " AND NOT (state = 'active' AND resource_uid = " + quote_literal(claimant.uid.str()) +
            ") AND NOT " + is_deleted(names, claimant)
    );
}

Statement count_sessions(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT count(*) FROM pg_stat_activity WHERE usesysid IN (SELECT oid FROM pg_roles r"
        " WHERE " +
        are_own_logins(names, claimant) + ") AND " + is_retained(names, claimant)};
}

Statement end_sessions(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid IN (SELECT oid"
        " FROM pg_roles r WHERE " +
        are_own_logins(names, claimant) + ") AND " + is_retained(names, claimant)};
}

Statement find_foreign_owners(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT r.rolname FROM pg_roles r, pg_database d WHERE d.datname = $1 AND d.datallowconn"
        " AND d.datconnlimit <> -2 AND d.oid::bigint = (SELECT database_oid FROM djangodb.claim"
        " WHERE state = 'retained' AND " +
            is_of_resource(names, claimant) + ") AND " + are_own_logins(names, claimant) +
            " AND EXISTS (SELECT FROM pg_shdepend s WHERE s.dbid = d.oid AND s.refobjid = r.oid"
            " AND s.refclassid = 'pg_authid'::regclass)",
        {names.database.str()}};
}

Batch drop_logins(const TenantNames& names, const Claimant& claimant) {
    const std::string body =
        "DECLARE login name; BEGIN IF NOT " + is_retained(names, claimant) +
        " THEN RETURN; END IF; FOR login IN SELECT rolname FROM pg_roles r WHERE " +
        are_own_logins(names, claimant) +
        " AND NOT rolcanlogin LOOP BEGIN EXECUTE format('DROP ROLE %I', login);"
        " EXCEPTION WHEN dependent_objects_still_exist OR object_in_use THEN NULL; END;"
        " END LOOP; END";
    return {lock_tenant(names), block(body)};
}

Statement list_kept_logins(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT format('Role %1$I could not be dropped: it owns objects or has rights in %2$s. It "
        "can''t"
        " log in. There run REASSIGN OWNED BY %1$I TO somebody else and DROP OWNED BY %1$I, then"
        " DROP ROLE %1$I.', r.rolname, " +
        where_it_has_something() + ") FROM pg_roles r WHERE " + are_own_logins(names, claimant) +
        " AND " + is_retained(names, claimant) + " ORDER BY r.rolname"};
}

}  // namespace djdb::sql
