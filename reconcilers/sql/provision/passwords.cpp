#include "reconcilers/sql/provision/passwords.hpp"

#include "reconcilers/ports/failure.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <algorithm>
#include <utility>

namespace djdb::sql {
namespace {

struct Login {
    RoleName name;
    Sensitive password;
    /// The session's setting that carries the password.
    std::string setting;
};

std::string setting_of(LoginKind kind, std::size_t& readers) {
    if (kind == LoginKind::Migrate) {
        return "djangodb.migrate";
    }
    return kind == LoginKind::Reader ? "djangodb.reader_" + std::to_string(readers++)
                                     : "djangodb.runtime";
}

std::vector<Login> logins_of(
    const TenantNames& names, const std::vector<LoginId>& ids, const Verifiers& verifiers
) {
    std::vector<Login> logins;
    logins.reserve(ids.size());
    std::size_t readers = 0;
    for (const auto& id : ids) {
        logins.push_back({names.role(id), verifiers.logins.at(id), setting_of(id.kind, readers)});
    }
    return logins;
}

void require_usable(const Sensitive& password, PasswordMode mode) {
    const bool is_usable = mode == PasswordMode::Plaintext
                               ? !password.empty()
                               : password.reveal().starts_with("SCRAM-SHA-256$");
    if (!is_usable) {
        throw Error(
            {FailureClass::Invalid,
             FailureOrigin::Operator,
             "InvalidVerifier",
             "A password for PostgreSQL is not a SCRAM verifier. No SQL was sent; this is a defect "
             "of the operator."}
        );
    }
}

/// log_statement = 'all' and log_min_duration_statement log parameters too, unless this setting
/// forbids it. Superusers may set it, and from 15 on whom they granted SET ON PARAMETER:
/// docs/postgresql.md.
Statement hide_parameters() {
    return block(
        "BEGIN PERFORM set_config('log_parameter_max_length', '0', true); "
        "EXCEPTION WHEN insufficient_privilege THEN NULL; END"
    );
}

Statement hold(const std::vector<Login>& logins) {
    Statement statement{"SELECT "};
    for (const auto& login : logins) {
        statement.parameters.push_back(login.password.reveal());
        statement.text += (statement.parameters.size() == 1 ? "set_config(" : ", set_config(") +
                          quote_literal(login.setting) + ", $" +
                          std::to_string(statement.parameters.size()) + ", true)";
    }
    return statement;
}

Statement set(const std::vector<Login>& logins) {
    std::string body = "BEGIN ";
    for (const auto& login : logins) {
        body += "EXECUTE format('ALTER ROLE %I PASSWORD %L', " + quote_literal(login.name.str()) +
                ", current_setting(" + quote_literal(login.setting) + ")); ";
    }
    // Raised anew because the original error's context quotes the statement. OTHERS leaves out
    // cancellation, by which statement_timeout ends a statement.
    body +=
        "EXCEPTION WHEN query_canceled OR OTHERS THEN "
        "RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM; END";
    return block(body);
}

Statement forget(const std::vector<Login>& logins) {
    std::string text = "SELECT ";
    for (const auto& login : logins) {
        text += (text.ends_with(' ') ? "set_config(" : ", set_config(") +
                quote_literal(login.setting) + ", '', true)";
    }
    return {text};
}

}  // namespace

Batch set_passwords(
    const TenantNames& names, const std::vector<LoginId>& ids, const Verifiers& verifiers
) {
    const auto logins = logins_of(names, ids, verifiers);
    for (const auto& login : logins) {
        require_usable(login.password, verifiers.mode);
    }
    return {hide_parameters(), hold(logins), set(logins), forget(logins)};
}

}  // namespace djdb::sql
