#include "reconcilers/sql/ledger/claim.hpp"

#include "reconcilers/sql/ledger/judged.hpp"
#include "reconcilers/sql/ledger/passed.hpp"
#include "reconcilers/sql/ledger/role_names.hpp"
#include "reconcilers/sql/provision/role_model.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

std::string same_key(const Claimant& claimant) {
    return "cluster_id = " + quote_literal(claimant.cluster_id) +
           " AND namespace = " + quote_literal(claimant.key.ns.str()) +
           " AND name = " + quote_literal(claimant.key.name.str());
}

std::string is_database(const TenantNames& names) {
    return "database = " + quote_literal(names.database.str());
}

}  // namespace

Batch create_ledger() {
    return {
        {"SELECT pg_advisory_xact_lock(" + std::string(kLockSpace) + ", hashtext('ledger'))"},
        {"CREATE SCHEMA IF NOT EXISTS djangodb"},
        {"CREATE TABLE IF NOT EXISTS djangodb.claim ("
         " database text PRIMARY KEY,"
         " owner_role text NOT NULL UNIQUE,"
         " cluster_id text NOT NULL,"
         " resource_uid text NOT NULL,"
         " namespace text NOT NULL,"
         " name text NOT NULL,"
         " state text NOT NULL CHECK (state IN ('active', 'retained')),"
         " database_oid bigint,"
         " configured_at timestamptz,"
         " claimed_at timestamptz NOT NULL DEFAULT now())"},
        {"CREATE TABLE IF NOT EXISTS djangodb.passed_image ("
         " database text NOT NULL REFERENCES djangodb.claim,"
         " database_oid bigint NOT NULL,"
         " image text NOT NULL,"
         " passed_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
         " PRIMARY KEY (database, database_oid, image))"},
        create_passed_template(),
        create_verification(),
        create_judged_migration(),
        create_claimed_role(),
        {"CREATE INDEX IF NOT EXISTS claimed_role_database ON djangodb.claimed_role (database)"},
        {"CREATE TABLE IF NOT EXISTS djangodb.adoption ("
         " database text PRIMARY KEY REFERENCES djangodb.claim ON DELETE CASCADE,"
         " former_owners text[] NOT NULL,"
         " adopted_at timestamptz)"},
        {"CREATE TABLE IF NOT EXISTS djangodb.former_claim ("
         " database text NOT NULL REFERENCES djangodb.claim ON DELETE CASCADE,"
         " cluster_id text NOT NULL,"
         " resource_uid text NOT NULL,"
         " moved_at timestamptz NOT NULL DEFAULT now(),"
         " PRIMARY KEY (database, cluster_id, resource_uid))"},
        {"CREATE TABLE IF NOT EXISTS djangodb.deleted_resource ("
         " database text NOT NULL,"
         " cluster_id text NOT NULL,"
         " resource_uid text NOT NULL,"
         " deleted_at timestamptz NOT NULL DEFAULT now(),"
         " PRIMARY KEY (database, cluster_id, resource_uid))"},
        {"CREATE TABLE IF NOT EXISTS djangodb.attempt ("
         " database text PRIMARY KEY REFERENCES djangodb.claim ON DELETE CASCADE,"
         " number bigint NOT NULL)"},
        {"CREATE SEQUENCE IF NOT EXISTS djangodb.revision"},
    };
}

std::string role_comment(const TenantNames& names, const Claimant& claimant) {
    return "djangodb.io/v1 cluster=" + claimant.cluster_id +
           " resource=" + to_string(claimant.key) + " database=" + names.database.str();
}

std::string former_role_comment(const std::string& row) {
    return "'djangodb.io/v1 cluster=' || " + row + ".cluster_id || ' resource=' || " + row +
           ".namespace || '/' || " + row + ".name || ' database=' || " + row + ".database";
}

std::string has_comment(
    const std::string& role, const TenantNames& names, const Claimant& claimant
) {
    return "EXISTS (SELECT FROM pg_catalog.pg_shdescription m WHERE m.objoid "
           "OPERATOR(pg_catalog.=) " +
           role +
           " AND m.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass"
           " AND m.description OPERATOR(pg_catalog.=) " +
           quote_literal(role_comment(names, claimant)) + ")";
}

std::string lock_name(const TenantNames& names) {
    return "tenant:" + names.database.str();
}

Statement lock_tenant(const TenantNames& names) {
    return {
        "SELECT pg_advisory_xact_lock(" + std::string(kLockSpace) + ", hashtext($1))",
        {lock_name(names)}};
}

std::string is_of_resource(const TenantNames& names, const Claimant& claimant) {
    return is_database(names) + " AND " + same_key(claimant) +
           " AND resource_uid = " + quote_literal(claimant.uid.str());
}

std::string is_mine(const TenantNames& names, const Claimant& claimant) {
    return is_of_resource(names, claimant) + " AND state = 'active'";
}

std::string is_of_key(const TenantNames& names, const Claimant& claimant) {
    return is_database(names) + " AND " + same_key(claimant);
}

std::string are_own_roles(const TenantNames& names, const Claimant& claimant) {
    return "r.rolname IN (SELECT role FROM djangodb.claimed_role WHERE " + is_database(names) +
           ") AND shobj_description(r.oid, 'pg_authid') = " +
           quote_literal(role_comment(names, claimant));
}

namespace {

/// Sets the variable holder, and raises when claim or roles are somebody else's.
std::string holder_checks(
    const TenantNames& names, const TenantSetup& setup, const Claimant& claimant
) {
    std::string body =
        "SELECT namespace || '/' || name || ' of cluster ' || cluster_id INTO holder"
        " FROM djangodb.claim WHERE " +
        is_database(names) + " AND NOT (" + same_key(claimant) + ");";
    body +=
        " IF FOUND THEN " + raise(kClaimedByOther, "'it is claimed by ' || holder") + " END IF;";
    body += " SELECT rolname INTO holder FROM pg_roles WHERE rolname IN (" +
            literals(tenant_roles(names, setup)) +
            ") AND shobj_description(oid, 'pg_authid') IS DISTINCT FROM " +
            quote_literal(role_comment(names, claimant)) + " LIMIT 1;";
    body +=
        " IF FOUND THEN " +
        raise(
            kForeignRole, "format('role \"%s\" exists and was not made for this resource', holder)"
        ) +
        " END IF;";
    return body;
}

}  // namespace

Statement refuse_foreign_roles(
    const TenantNames& names, const TenantSetup& setup, const Claimant& claimant
) {
    return block("DECLARE holder text; BEGIN " + holder_checks(names, setup, claimant) + " END");
}

Statement refuse_foreign(
    const TenantNames& names, const TenantSetup& setup, const Claimant& claimant
) {
    const auto database = quote_literal(names.database.str());
    std::string body = "DECLARE holder text; BEGIN " + holder_checks(names, setup, claimant);
    body += " IF EXISTS (SELECT FROM pg_database WHERE datname = " + database +
            ") AND NOT EXISTS (SELECT FROM djangodb.claim WHERE " + is_database(names) + ") THEN " +
            raise(kForeignDatabase, "'the database exists and was not made by this operator'") +
            " END IF; END";
    return block(body);
}

Statement count_revision() {
    return block(
        "BEGIN PERFORM pg_advisory_xact_lock(" + std::string(kLockSpace) +
        ", hashtext('revision')); PERFORM setval('djangodb.revision',"
        " coalesce(pg_sequence_last_value('djangodb.revision'::regclass), 0) + 1); END"
    );
}

Statement write_claim(const TenantNames& names, const Claimant& claimant) {
    return {
        "INSERT INTO djangodb.claim (database, owner_role, cluster_id, resource_uid, namespace, "
        "name,"
        " state) VALUES ($1, $2, $3, $4, $5, $6, 'active') ON CONFLICT (database) DO UPDATE SET"
        " resource_uid = excluded.resource_uid, state = 'active', claimed_at = now()",
        {names.database.str(),
         names.owner.str(),
         claimant.cluster_id,
         claimant.uid.str(),
         claimant.key.ns.str(),
         claimant.key.name.str()}};
}

std::string is_deleted(const TenantNames& names, const Claimant& claimant) {
    return "EXISTS (SELECT FROM djangodb.deleted_resource WHERE " + is_database(names) +
           " AND cluster_id = " + quote_literal(claimant.cluster_id) +
           " AND resource_uid = " + quote_literal(claimant.uid.str()) + ")";
}

Batch note_deleted(const TenantNames& names, const Claimant& claimant) {
    return {
        lock_tenant(names),
        {"INSERT INTO djangodb.deleted_resource (database, cluster_id, resource_uid)"
         " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
         {names.database.str(), claimant.cluster_id, claimant.uid.str()}}};
}

Statement refuse_deleted(const TenantNames& names, const Claimant& claimant) {
    return block(
        "BEGIN IF " + is_deleted(names, claimant) + " THEN " +
        raise(
            kNotOurClaim,
            "'this resource was deleted, and the ledger takes no claim of it any more; create it"
            " anew'"
        ) +
        " END IF; END"
    );
}

Statement require_claim(const TenantNames& names, const Claimant& claimant) {
    return block(
        "BEGIN IF NOT EXISTS (SELECT FROM djangodb.claim WHERE " + is_mine(names, claimant) +
        ") THEN " + raise(kNotOurClaim, "'the ledger holds no active claim of this resource'") +
        " END IF; END"
    );
}

Statement require_claimed_database(const TenantNames& names) {
    return block(
        "BEGIN IF NOT EXISTS (SELECT FROM djangodb.claim c JOIN pg_database d ON d.datname ="
        " c.database WHERE c." +
        is_database(names) + " AND " + kIsClaimedDatabase + ") THEN " +
        raise(kForeignDatabase, "'the database of this name was not created by this operator'") +
        " END IF; END"
    );
}

}  // namespace djdb::sql
