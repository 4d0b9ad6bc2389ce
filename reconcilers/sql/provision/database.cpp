#include "reconcilers/sql/provision/database.hpp"

#include "crds/text.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/role_model.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

std::string create_closed(const DatabaseName& database) {
    return "CREATE DATABASE " + quote_identifier(database.str()) +
           " TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false";
}

/// From here on the database is known by its OID: a name can be moved to another one at any time.
Statement note_database(const TenantNames& names, const Claimant& claimant) {
    return {
        "UPDATE djangodb.claim c SET database_oid = d.oid::bigint, configured_at = CASE WHEN"
        " database_oid = d.oid::bigint THEN configured_at END FROM pg_database d"
        " WHERE d.datname = c.database AND " +
        std::string(kIsClaimedDatabase) + " AND c." + is_mine(names, claimant)};
}

/// What PUBLIC got from somebody whom the owner let grant it outlives the owner's REVOKE: then that
/// leave is taken as well, which works once the owner is nobody whose member that somebody is. The
/// check at the end, since a REVOKE that takes nothing only warns.
Statement shut_out_public(const TenantNames& names) {
    const auto database = quote_identifier(names.database.str());
    const auto rights = " FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = " +
                        quote_literal(names.database.str());
    const auto has_public = "EXISTS (SELECT" + rights + " AND a.grantee = 0)";
    return block(
        "DECLARE lender name; BEGIN REVOKE ALL ON DATABASE " + database + " FROM PUBLIC; IF " +
        has_public + " THEN ALTER DATABASE " + database +
        " OWNER TO CURRENT_USER; FOR lender IN SELECT DISTINCT pg_get_userbyid(a.grantee)" +
        rights +
        " AND a.is_grantable AND a.grantor = d.datdba AND a.grantee <> d.datdba LOOP"
        " EXECUTE format('REVOKE GRANT OPTION FOR ALL ON DATABASE %I FROM %I CASCADE', " +
        quote_literal(names.database.str()) + ", lender); END LOOP; END IF; IF " + has_public +
        " THEN " +
        raise(
            "insufficient_privilege",
            "'PUBLIC has rights on the database that the administrator can''t take'"
        ) +
        " END IF; END"
    );
}

Statement grant(const TenantRole& role, const std::string& database) {
    return {
        "GRANT " + join(role.database_privileges, ", ") + " ON DATABASE " + database + " TO " +
        quote_identifier(role.name.str())};
}

Statement set(const Setting& setting, const TenantRole& role, const std::string& database) {
    return {
        "ALTER ROLE " + quote_identifier(role.name.str()) + " IN DATABASE " + database + " SET " +
        setting.name + " = " + quote_literal(setting.value)};
}

}  // namespace

Statement find_lost_database(const TenantNames& names) {
    return {
        "SELECT c.database_oid, d.datname FROM djangodb.claim c"
        " LEFT JOIN pg_database d ON d.oid::bigint = c.database_oid"
        " WHERE c.database = $1 AND c.database_oid IS NOT NULL AND d.datname IS DISTINCT FROM $1",
        {names.database.str()}};
}

Statement take_time() {
    return {"SELECT pg_catalog.set_config('statement_timeout', '0', false)"};
}

Statement begin_creating(const TenantNames& names) {
    return {
        "SELECT pg_advisory_lock(" + std::string(kLockSpace) +
            ", hashtext('create:' || $1)), set_config('statement_timeout', '0', false)",
        {names.database.str()}};
}

Batch release_session() {
    return {{"SELECT pg_advisory_unlock_all()"}, {"RESET statement_timeout"}};
}

Statement create_database(const TenantNames& names) {
    return {create_closed(names.database)};
}

Batch configure_database(
    const TenantNames& names, const TenantSetup& setup, const Claimant& claimant, int server_version
) {
    const auto database = quote_identifier(names.database.str());
    Batch batch{
        lock_tenant(names),
        require_claim(names, claimant),
        require_claimed_database(names),
        note_database(names, claimant),
        shut_out_public(names),
        {"ALTER DATABASE " + database + " OWNER TO " +
         (setup.ownership == Ownership::Database ? quote_identifier(names.owner.str())
                                                 : "CURRENT_USER")}};
    for (const auto& role : tenant_roles(names, setup)) {
        if (!role.database_privileges.empty()) {
            batch.push_back(grant(role, database));
        }
        for (const auto& setting : role.settings) {
            if (server_version >= setting.since) {
                batch.push_back(set(setting, role, database));
            }
        }
    }
    batch.emplace_back(
        "ALTER DATABASE " + database + " ALLOW_CONNECTIONS true CONNECTION LIMIT " +
        std::to_string(setup.connection_limit)
    );
    // Once more: all of the above went by the name, which may have been moved since.
    batch.push_back(require_claimed_database(names));
    batch.push_back(count_revision());
    return batch;
}

Statement find_noted_database(const TenantNames& names, const Claimant& claimant) {
    return {"SELECT database_oid FROM djangodb.claim WHERE " + is_mine(names, claimant)};
}

Statement require_this_database(const std::string& oid) {
    return block(
        "BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname "
        "OPERATOR(pg_catalog.=) pg_catalog.current_database()"
        " AND oid::bigint OPERATOR(pg_catalog.=) " +
        quote_literal(oid) + "::bigint) THEN " +
        raise(kForeignDatabase, "'another database has the name now'") + " END IF; END"
    );
}

Batch hand_over_schema(
    const TenantNames& names, const TenantSetup&, int server_version, bool is_superuser
) {
    const bool has_own_public = server_version >= 150000;
    if (!has_own_public && !is_superuser) {
        return {};
    }
    Batch batch{{"ALTER SCHEMA public OWNER TO " + quote_identifier(names.owner.str())}};
    if (!has_own_public) {
        batch.emplace_back("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    }
    return batch;
}

Statement note_configured(const TenantNames& names, const Claimant& claimant) {
    return {
        "UPDATE djangodb.claim SET configured_at = coalesce(configured_at, now()) WHERE " +
        is_mine(names, claimant)};
}

Statement create_maintenance_database(const DatabaseName& database) {
    return {create_closed(database)};
}

Batch open_maintenance_database(const DatabaseName& database) {
    const auto quoted = quote_identifier(database.str());
    return {
        {"REVOKE ALL ON DATABASE " + quoted + " FROM PUBLIC"},
        {"ALTER DATABASE " + quoted + " ALLOW_CONNECTIONS true"}};
}

}  // namespace djdb::sql
