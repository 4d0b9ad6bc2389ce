// Claim and roles, in one transaction. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/provision/passwords.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// Lock, checks, ledger rows, roles with comments, attributes and memberships, then the passwords: that of the
/// migration login is of the next attempt, and DJ007 raised when there are other attempts than were seen.
/// server_version as in server_version_num: 16 and later need the options of GRANT. Throws Error
/// Invalid "InvalidVerifier" when a password is not a SCRAM verifier.
Batch claim_and_create_roles(
    const TenantNames&,
    const TenantSetup&,
    const Claimant&,
    const Verifiers&,
    const AttemptCount&,
    int server_version
);

}  // namespace djdb::sql
