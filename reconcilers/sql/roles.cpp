#include "reconcilers/sql/roles.hpp"

#include "reconcilers/failure.hpp"
#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/quote.hpp"

namespace djdb::sql {
namespace {

std::string quoted(const RoleName& role) {
    return quote_identifier(role.str());
}

Statement create_absent(const TenantNames& names) {
    std::string body = "BEGIN ";
    for (const auto& role : {names.owner, names.login_a, names.login_b, names.migrate}) {
        body += "IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = " + quote_literal(role.str()) +
                ") THEN CREATE ROLE " + quoted(role) + " NOLOGIN; END IF; ";
    }
    return {"DO " + quote_literal(body + "END")};
}

Statement open_login(const RoleName& role, const Sensitive& verifier) {
    if (!verifier.reveal().starts_with("SCRAM-SHA-256$")) {
        throw Error(
            {FailureClass::Invalid,
             FailureOrigin::Operator,
             "InvalidVerifier",
             "The password of role \"" + role.str() +
                 "\" is not a SCRAM verifier. No SQL was sent; this is a defect of the operator."}
        );
    }
    return {"ALTER ROLE " + quoted(role) + " LOGIN PASSWORD " + quote_literal(verifier.reveal())};
}

}  // namespace

Batch claim_and_create_roles(
    const TenantNames& names,
    const Claimant& claimant,
    const Verifiers& verifiers,
    int server_version
) {
    const auto owner = quoted(names.owner);
    const auto logins =
        quoted(names.login_a) + ", " + quoted(names.login_b) + ", " + quoted(names.migrate);
    // Without these options the administrator of 16 and later could neither REVOKE nor SET ROLE.
    const std::string options = server_version >= 160000 ? " WITH INHERIT TRUE, SET TRUE" : "";
    Batch batch{
        lock_tenant(names),
        refuse_foreign(names, claimant),
        write_claim(names, claimant),
        create_absent(names)};
    for (const auto& role : {names.owner, names.login_a, names.login_b, names.migrate}) {
        batch.emplace_back(
            "COMMENT ON ROLE " + quoted(role) + " IS " + quote_literal(mark(names, claimant))
        );
    }
    batch.emplace_back("GRANT " + owner + " TO " + logins);
    batch.emplace_back("GRANT " + owner + ", " + logins + " TO CURRENT_USER" + options);
    batch.push_back(open_login(names.login_a, verifiers.runtime));
    batch.push_back(open_login(names.migrate, verifiers.migrate));
    return batch;
}

}  // namespace djdb::sql
