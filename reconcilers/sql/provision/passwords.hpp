// How a login gets its password: as a parameter that is put into ALTER ROLE on the server, so that
// it is in the text of no statement, which the server would log with log_statement = 'ddl' and
// after each error. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <map>
#include <vector>

namespace djdb::sql {

/// What each login is given: SCRAM verifiers, or with PasswordMode::Plaintext the passwords.
struct Verifiers {
    std::map<LoginId, Sensitive> logins;
    PasswordMode mode = PasswordMode::ScramVerifier;
};

/// Sets the passwords of these logins and forgets them again. Each has to have one. Throws Error Invalid
/// "InvalidVerifier" when a password is not a SCRAM verifier although it is to be one.
Batch set_passwords(const TenantNames&, const std::vector<LoginId>&, const Verifiers&);

}  // namespace djdb::sql
