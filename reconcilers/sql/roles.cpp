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

void require_verifier(const Sensitive& password) {
    if (!password.reveal().starts_with("SCRAM-SHA-256$")) {
        throw Error(
            {FailureClass::Invalid,
             FailureOrigin::Operator,
             "InvalidVerifier",
             "A password for PostgreSQL is not a SCRAM verifier. No SQL was sent; this is a defect "
             "of "
             "the operator."}
        );
    }
}

/// Verifiers reach the server as parameters and are put into ALTER ROLE there: so they are not in
/// the text of any statement, which the server would log with log_statement = 'ddl' and after each
/// error.
Statement hold_verifiers(const Verifiers& verifiers) {
    require_verifier(verifiers.runtime);
    require_verifier(verifiers.migrate);
    return {
        "SELECT set_config('djangodb.runtime', $1, true), set_config('djangodb.migrate', $2, true)",
        {verifiers.runtime.reveal(), verifiers.migrate.reveal()}};
}

Statement open_logins(const TenantNames& names) {
    const auto open = [](const RoleName& login, const std::string& setting) {
        return "EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', " + quote_literal(login.str()) +
               ", current_setting(" + quote_literal(setting) + ")); ";
    };
    // Raised anew because the original error's context quotes the statement.
    const std::string body = "BEGIN " + open(names.login_a, "djangodb.runtime") +
                             open(names.migrate, "djangodb.migrate") +
                             "EXCEPTION WHEN OTHERS THEN "
                             "RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM; END";
    return {"DO " + quote_literal(body)};
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
    batch.push_back(hold_verifiers(verifiers));
    batch.push_back(open_logins(names));
    batch.emplace_back(
        "SELECT set_config('djangodb.runtime', '', true), set_config('djangodb.migrate', '', true)"
    );
    return batch;
}

}  // namespace djdb::sql
