#include "reconcilers/sql/database.hpp"

#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/quote.hpp"
#include "reconcilers/sql/role_model.hpp"

namespace djdb::sql {
namespace {

std::string create_closed(const DatabaseName& database) {
    return "CREATE DATABASE " + quote_identifier(database.str()) +
           " TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false";
}

std::string joined(const std::vector<std::string>& words) {
    std::string list;
    for (const auto& word : words) {
        list += (list.empty() ? "" : ", ") + word;
    }
    return list;
}

}  // namespace

Statement find_lost_database(const TenantNames& names) {
    return {
        "SELECT c.database_oid, d.datname FROM djangodb.claim c"
        " LEFT JOIN pg_database d ON d.oid::bigint = c.database_oid"
        " WHERE c.database = $1 AND c.database_oid IS NOT NULL AND d.datname IS DISTINCT FROM $1",
        {names.database.str()}};
}

Statement create_database(const TenantNames& names) {
    return {create_closed(names.database)};
}

Batch configure_database(
    const TenantNames& names, const TenantSetup& setup, const Claimant& claimant
) {
    const auto database = quote_identifier(names.database.str());
    Batch batch{
        lock_tenant(names),
        require_claim(names, claimant),
        require_claimed_database(names),
        {"ALTER DATABASE " + database + " OWNER TO " +
         (setup.ownership == Ownership::Database ? quote_identifier(names.owner.str())
                                                 : "CURRENT_USER")},
        {"REVOKE ALL ON DATABASE " + database + " FROM PUBLIC"}};
    for (const auto& role : tenant_roles(names, setup)) {
        const auto name = quote_identifier(role.name.str());
        if (!role.database_privileges.empty()) {
            batch.emplace_back(
                "GRANT " + joined(role.database_privileges) + " ON DATABASE " + database + " TO " +
                name
            );
        }
        for (const auto& [setting, value] : role.settings) {
            batch.emplace_back(
                "ALTER ROLE " + name + " IN DATABASE " + database + " SET " + setting + " = " +
                quote_literal(value)
            );
        }
    }
    batch.emplace_back(
        "ALTER DATABASE " + database + " ALLOW_CONNECTIONS true CONNECTION LIMIT " +
        std::to_string(setup.connection_limit)
    );
    // In the same transaction as the opening: an open database without its OID here is not ours.
    batch.emplace_back(
        "UPDATE djangodb.claim SET database_oid = d.oid::bigint, configured_at = CASE WHEN"
        " database_oid = d.oid::bigint THEN configured_at END FROM pg_database d"
        " WHERE d.datname = djangodb.claim.database AND " +
        is_mine(names, claimant)
    );
    return batch;
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
