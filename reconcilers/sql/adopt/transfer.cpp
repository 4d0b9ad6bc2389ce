#include "reconcilers/sql/adopt/transfer.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {

Batch transfer(const TenantNames& names, const Claimant& claimant) {
    const auto database = quote_literal(names.database.str());
    const auto cluster = quote_literal(claimant.cluster_id);
    const auto uid = quote_literal(claimant.uid.str());
    const auto space = quote_literal(claimant.key.ns.str());
    const auto name = quote_literal(claimant.key.name.str());
    const std::string body =
        "DECLARE held djangodb.claim; former text; tenant record; BEGIN"
        " SELECT * INTO held FROM djangodb.claim WHERE database = " +
        database + " AND NOT (" + is_of_key(names, claimant) +
        "); IF NOT FOUND THEN RETURN; END IF;"
        " IF EXISTS (SELECT FROM djangodb.former_claim WHERE database = held.database AND"
        " cluster_id = " +
        cluster + " AND resource_uid = " + uid + ") THEN " +
        raise(kClaimedByOther, "'this resource had the claim and lost it by a transfer'") +
        " END IF;"
        " INSERT INTO djangodb.former_claim (database, cluster_id, resource_uid)"
        " VALUES (held.database, held.cluster_id, held.resource_uid) ON CONFLICT DO NOTHING;"
        " UPDATE djangodb.claim SET cluster_id = " +
        cluster + ", resource_uid = " + uid + ", namespace = " + space + ", name = " + name +
        ", state = 'retained', claimed_at = now() WHERE database = held.database;"
        " former := " +
        former_role_comment("held") +
        "; FOR tenant IN SELECT rolname, rolcanlogin FROM pg_roles"
        " WHERE shobj_description(oid, 'pg_authid') = former AND rolname IN (SELECT role FROM"
        " djangodb.claimed_role WHERE database = held.database) LOOP"
        " EXECUTE format('COMMENT ON ROLE %I IS %L', tenant.rolname, " +
        quote_literal(role_comment(names, claimant)) +
        "); IF tenant.rolcanlogin THEN"
        " EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', tenant.rolname);"
        " END IF; END LOOP; END";
    return {lock_tenant(names), refuse_deleted(names, claimant), block(body), count_revision()};
}

}  // namespace djdb::sql
