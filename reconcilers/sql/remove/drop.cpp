#include "reconcilers/sql/remove/drop.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

/// Rows `d` of pg_database: the one that our active claim means, by OID.
std::string claimed_database(const TenantNames& names, const Claimant& claimant) {
    return "SELECT d.oid, d.datname, d.datconnlimit FROM djangodb.claim c JOIN pg_database d ON"
           " d.datname = c.database AND " +
           std::string(kIsClaimedDatabase) + " WHERE c." + is_mine(names, claimant);
}

}  // namespace

Batch disable_logins(const TenantNames& names, const Claimant& claimant) {
    const std::string body =
        "DECLARE login name; BEGIN FOR login IN SELECT rolname FROM pg_roles r WHERE rolcanlogin"
        " AND " +
        are_own_roles(names, claimant) +
        " LOOP EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', login); END LOOP; END";
    return {
        lock_tenant(names),
        require_claim(names, claimant),
        // A new database is ours while it is closed and has no OID noted: from here on by its OID.
        {"UPDATE djangodb.claim SET database_oid = d.oid::bigint FROM (" +
         claimed_database(names, claimant) + ") d WHERE " + is_mine(names, claimant)},
        block(body),
        count_revision()};
}

Batch close(const TenantNames& names, const Claimant& claimant) {
    const std::string body =
        "DECLARE closed record; BEGIN FOR closed IN " + claimed_database(names, claimant) +
        // A half-dropped one can't be altered any more: the attempt would end our session.
        " LOOP IF closed.datconnlimit <> -2 THEN EXECUTE format("
        "'ALTER DATABASE %I ALLOW_CONNECTIONS false IS_TEMPLATE false', closed.datname); END IF; "
        "END LOOP; END";
    return {lock_tenant(names), require_claim(names, claimant), block(body)};
}

Statement end_all_sessions(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles s ON s.oid ="
        " a.usesysid WHERE a.pid <> pg_backend_pid() AND EXISTS (SELECT FROM djangodb.claim "
        "WHERE " +
        is_mine(names, claimant) + ") AND (a.datid IN (SELECT oid FROM (" +
        claimed_database(names, claimant) +
        ") d) OR a.usesysid IN (SELECT oid FROM pg_roles r"
        " WHERE " +
        are_own_roles(names, claimant) +
        ")) AND (pg_has_role(a.usesysid, 'USAGE') OR (NOT s.rolsuper AND"
        " pg_has_role('pg_signal_backend', 'USAGE')))"};
}

Statement list_obstacles_of_drop(const TenantNames& names, const Claimant& claimant) {
    return {
        "WITH d AS (" + claimed_database(names, claimant) +
        ") SELECT format('prepared transaction %L of %s; run in the database COMMIT PREPARED or"
        " ROLLBACK PREPARED %1$L', gid, owner), false FROM pg_prepared_xacts WHERE database IN "
        "(SELECT"
        " datname FROM d)"
        " UNION ALL SELECT format('subscription %I; run in the database DROP SUBSCRIPTION %1$I',"
        " subname), false FROM pg_subscription WHERE subdbid IN (SELECT oid FROM d)"
        " UNION ALL SELECT format('logical replication slot %I; run SELECT"
        " pg_drop_replication_slot(%1$L)', slot_name), false FROM pg_replication_slots WHERE "
        "database IN"
        " (SELECT datname FROM d)"
        " UNION ALL SELECT format('session %s of %s; end it', a.pid, a.usename), true FROM"
        " pg_stat_activity a WHERE a.datid IN (SELECT oid FROM d) AND a.usesysid IS NOT NULL AND"
        " NOT pg_has_role(a.usesysid, 'USAGE')"
        " UNION ALL (SELECT DISTINCT format('role %I owns objects or has rights in %s; run there"
        " REASSIGN OWNED BY %1$I TO somebody else and DROP OWNED BY %1$I', r.rolname,"
        " CASE WHEN b.datname IS NOT NULL THEN format('database %I', b.datname) ELSE"
        " 'the whole server (its databases or tablespaces)' END), false"
        " FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid LEFT JOIN pg_database b ON"
        " b.oid = s.dbid WHERE s.refclassid = 'pg_authid'::regclass AND " +
        are_own_roles(names, claimant) +
        " AND s.dbid NOT IN (SELECT oid FROM d) AND NOT (s.classid = 'pg_database'::regclass AND"
        " s.objid IN (SELECT oid FROM d)) AND s.classid <> 'pg_auth_members'::regclass)"};
}

Statement find_droppable(const TenantNames& names, const Claimant& claimant) {
    return {claimed_database(names, claimant)};
}

Statement begin_dropping(const TenantNames& names) {
    const std::string space(kLockSpace);
    return {
        "SELECT pg_try_advisory_lock(" + space + ", hashtext('drop')), pg_advisory_lock(" + space +
            ", hashtext($1)), set_config('statement_timeout', '0', false)",
        {lock_name(names)}};
}

Statement drop_database(const TenantNames& names) {
    return {"DROP DATABASE " + quote_identifier(names.database.str()) + " WITH (FORCE)"};
}

Batch drop_roles_and_claim(const TenantNames& names, const Claimant& claimant) {
    const auto owner = quote_literal(names.owner.str());
    const std::string body =
        "DECLARE doomed name; BEGIN IF EXISTS (SELECT FROM djangodb.claim c JOIN pg_database d ON"
        " d.oid::bigint = c.database_oid OR (d.datname = c.database AND " +
        std::string(kIsClaimedDatabase) + ") WHERE c." + is_mine(names, claimant) + ") THEN " +
        raise("object_in_use", "'the database is still there'") +
        " END IF; FOR doomed IN SELECT rolname FROM"
        " pg_roles r WHERE " +
        are_own_roles(names, claimant) + " ORDER BY rolname = " + owner +
        " LOOP EXECUTE format('DROP ROLE %I', doomed); END LOOP;"
        " DELETE FROM djangodb.passed_image p USING djangodb.claim c WHERE p.database ="
        " c.database AND c." +
        is_mine(names, claimant) + "; DELETE FROM djangodb.claim WHERE " +
        is_mine(names, claimant) + "; END";
    return {lock_tenant(names), require_claim(names, claimant), block(body), count_revision()};
}

}  // namespace djdb::sql
