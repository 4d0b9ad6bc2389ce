// Each attempt at a migration has a password of its own: what an earlier one left on a lost node neither goes on nor
// comes back. The ledger counts them, so that of two operators only the one that counted last goes on. Pure; any
// thread.
#pragma once

#include "reconcilers/sql/provision/passwords.hpp"

#include <cstdint>

namespace djdb::sql {

/// Another attempt was counted since.
inline constexpr const char* kAttemptOvertaken = "DJ007";

/// For those that hold the claim. Raises DJ007 unless as many are there as were seen.
Statement count_attempts(const TenantNames&, const AttemptCount&);

/// The same, in a transaction of its own.
Batch count_attempt(const TenantNames&, const Claimant&, const AttemptCount&);

/// From here on the migration login takes the password of this attempt, the last one, and no other. Raises DJ007,
/// having changed nothing, when it is not the last one.
Batch set_attempt_password(
    const TenantNames&, const TenantSetup&, const Claimant&, const Verifiers&, std::int64_t attempt
);

/// Ends the migration login's sessions. Raises DJ007 unless this attempt is the last one, as long as which it has no
/// Job yet.
Batch end_migration_sessions(const TenantNames&, const Claimant&, std::int64_t attempt);

/// How many there are.
Statement count_migration_sessions(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
