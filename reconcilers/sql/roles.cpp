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

/// Rights that no tenant's role has, whoever gave them. Each is taken only where it is found: a
/// plain administrator may not even say NOSUPERUSER.
Statement correct_attributes(const TenantNames& names) {
    std::string roles;
    for (const auto& role : {names.owner, names.login_a, names.login_b, names.migrate}) {
        roles += (roles.empty() ? "" : ", ") + quote_literal(role.str());
    }
    const std::string body =
        "DECLARE found record; BEGIN FOR found IN SELECT rolname, concat_ws(' ',"
        " CASE WHEN rolsuper THEN 'NOSUPERUSER' END, CASE WHEN rolcreatedb THEN 'NOCREATEDB' END,"
        " CASE WHEN rolcreaterole THEN 'NOCREATEROLE' END,"
        " CASE WHEN rolreplication THEN 'NOREPLICATION' END,"
        " CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END, CASE WHEN NOT rolinherit THEN 'INHERIT' "
        "END,"
        " CASE WHEN rolcanlogin AND rolname = " +
        quote_literal(names.owner.str()) +
        " THEN 'NOLOGIN' END) AS attributes FROM pg_roles WHERE rolname IN (" + roles +
        ") LOOP IF found.attributes <> '' THEN"
        " EXECUTE format('ALTER ROLE %I %s', found.rolname, found.attributes);"
        " END IF; END LOOP; END";
    return {"DO " + quote_literal(body)};
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

/// log_statement = 'all' and log_min_duration_statement log parameters too, unless this setting
/// forbids it. Superusers may set it, and from 15 on whom they granted SET ON PARAMETER:
/// tests/postgres/README.md.
Statement hide_parameters() {
    return {
        "DO " + quote_literal("BEGIN PERFORM set_config('log_parameter_max_length', '0', true); "
                              "EXCEPTION WHEN insufficient_privilege THEN NULL; END")};
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

Statement set_passwords(const TenantNames& names) {
    const auto set = [](const RoleName& login, const std::string& setting) {
        return "EXECUTE format('ALTER ROLE %I PASSWORD %L', " + quote_literal(login.str()) +
               ", current_setting(" + quote_literal(setting) + ")); ";
    };
    // Raised anew because the original error's context quotes the statement. OTHERS leaves out
    // cancellation, by which statement_timeout ends a statement.
    const std::string body = "BEGIN " + set(names.login_a, "djangodb.runtime") +
                             set(names.migrate, "djangodb.migrate") +
                             "EXCEPTION WHEN query_canceled OR OTHERS THEN "
                             "RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM; END";
    return {"DO " + quote_literal(body)};
}

}  // namespace

Batch claim_and_create_roles(
    const TenantNames& names,
    const TenantSetup&,
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
        count_revision(),
        create_absent(names)};
    for (const auto& role : {names.owner, names.login_a, names.login_b, names.migrate}) {
        batch.emplace_back(
            "COMMENT ON ROLE " + quoted(role) + " IS " + quote_literal(mark(names, claimant))
        );
    }
    batch.push_back(correct_attributes(names));
    batch.emplace_back("GRANT " + owner + " TO " + logins);
    batch.emplace_back("GRANT " + owner + ", " + logins + " TO CURRENT_USER" + options);
    // Before the passwords: whoever else changes these roles is waited for here, where a session
    // that is ended has no verifier in the context that the server logs.
    for (const auto& login : {names.login_a, names.migrate}) {
        batch.emplace_back("ALTER ROLE " + quoted(login) + " LOGIN");
    }
    batch.push_back(hide_parameters());
    batch.push_back(hold_verifiers(verifiers));
    batch.push_back(set_passwords(names));
    batch.emplace_back(
        "SELECT set_config('djangodb.runtime', '', true), set_config('djangodb.migrate', '', true)"
    );
    return batch;
}

}  // namespace djdb::sql
