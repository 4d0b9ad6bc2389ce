// The operator's own copy of a tenant's passwords: one Secret in the operator's namespace with the
// keys runtime, migrate, migrate-attempt for the attempt that the migration login's password is of,
// reader.<name> for each reader, and reader-secret.<name> for the Secret that the reader's password is
// published in, so that it is found when the reader is gone. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace djdb {

/// Nothing unless a password of every login is there and each reader's Secret is noted.
std::optional<TenantPasswords> passwords_in(const Desired& desired, const SecretData& stored);

/// Those of the enabled logins that have no stored password.
std::vector<LoginId> missing_passwords(const Desired& desired, const SecretData& stored);

/// The stored copy with passwords for logins that have none, recovered or else fresh ones, and today's
/// names of Secrets.
SecretData completed(
    const Desired& desired,
    const SecretData& stored,
    const TenantPasswords& recovered,
    PasswordSource& passwords
);

/// The stored copy with another password for this login.
SecretData with_new_password(const SecretData& stored, const LoginId&, PasswordSource& passwords);

/// Of which attempt at a migration the migration login's password is; 0 before the first. What is no number counts as
/// none: then a new one is counted.
std::int64_t attempt_in(const SecretData& stored);

/// The stored copy with the number of this attempt.
SecretData with_attempt(const SecretData& stored, std::int64_t attempt);

/// Published for readers that are no longer requested, or under a name that is not.
std::vector<ObjectName> leftover_secrets(const Desired& desired, const SecretData& stored);

/// The stored copy without what is no longer requested.
SecretData without_leftovers(const Desired& desired, const SecretData& stored);

}  // namespace djdb
