#include "reconcilers/sql/ledger/role_names.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/provision/role_model.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {

Statement create_claimed_role() {
    return {
        "CREATE TABLE IF NOT EXISTS djangodb.claimed_role ("
        " role text PRIMARY KEY,"
        " database text NOT NULL REFERENCES djangodb.claim ON DELETE CASCADE)"};
}

Batch claim_role_names(const TenantNames& names) {
    std::string rows;
    for (const auto& role : all_names(names)) {
        rows += (rows.empty() ? "(" : ", (") + quote_literal(role.str()) + ", $1)";
    }
    std::string roles;
    for (const auto& role : all_names(names)) {
        roles += (roles.empty() ? "" : ", ") + quote_literal(role.str());
    }
    const std::string body =
        "DECLARE taken record; BEGIN SELECT * INTO taken FROM djangodb.claimed_role WHERE role IN"
        " (" +
        roles + ") AND database <> " + quote_literal(names.database.str()) +
        " LIMIT 1; IF FOUND THEN " +
        raise(
            kForeignRole,
            R"(format('role name "%s" belongs to database "%s"', taken.role, taken.database))"
        ) +
        " END IF; END";
    return {
        {"INSERT INTO djangodb.claimed_role (role, database) VALUES " + rows +
             " ON CONFLICT (role) DO NOTHING",
         {names.database.str()}},
        block(body)};
}

}  // namespace djdb::sql
