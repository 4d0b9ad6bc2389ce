// T1: claim and roles in one transaction. Passwords come as SCRAM verifiers only. Pure; any thread.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

namespace djdb::sql {

struct Verifiers {
    Sensitive runtime;
    Sensitive migrate;
};

/// Lock, checks, ledger row, four roles with marks and memberships, then the two passwords.
/// Verifiers travel as parameters, never in the text of a statement. server_version as in
/// server_version_num: 16 and later need the options of GRANT. Throws Error Invalid
/// "InvalidVerifier" when a password is not a SCRAM verifier.
Batch claim_and_create_roles(
    const TenantNames&, const TenantSetup&, const Claimant&, const Verifiers&, int server_version
);

}  // namespace djdb::sql
