#include "reconcilers/sql/retire.hpp"

#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/quote.hpp"

namespace djdb::sql {

Batch retire(const TenantNames& names, const Claimant& claimant) {
    std::string body = "BEGIN UPDATE djangodb.claim SET state = 'retained' WHERE " +
                       is_mine(names, claimant) + "; IF NOT FOUND THEN RETURN; END IF; ";
    for (const auto& login : {names.login_a, names.login_b, names.migrate}) {
        body += "IF EXISTS (SELECT FROM pg_roles WHERE rolname = " + quote_literal(login.str()) +
                ") THEN ALTER ROLE " + quote_identifier(login.str()) +
                " NOLOGIN PASSWORD NULL; END IF; ";
    }
    return {lock_tenant(names), {"DO " + quote_literal(body + "END")}, count_revision()};
}

Statement end_sessions(const TenantNames& names, const Claimant& claimant) {
    return {
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ($1, $2, $3)"
        " AND EXISTS (SELECT FROM djangodb.claim WHERE database = $4 AND state = 'retained'"
        " AND cluster_id = $5 AND resource_uid = $6)",
        {names.login_a.str(),
         names.login_b.str(),
         names.migrate.str(),
         names.database.str(),
         claimant.cluster_id,
         claimant.uid.str()}};
}

}  // namespace djdb::sql
