// The looks that need sessions of their own, and so are taken only when something changed or an hour
// has gone: into the tenant's database, and a login with each stored password.
#pragma once

#include "reconcilers/observe/observed.hpp"
#include "reconcilers/step.hpp"

#include <span>

namespace djdb {

/// Adds to observed.tenant's drift what differs inside the database, and tells rejected logins. Nothing
/// is looked at before the database was configured once.
void inspect_when_due(
    const Desired& desired,
    Observed& observed,
    TenantDatabase& database,
    TenantCache& cache,
    const CallContext& call
);

/// What a run's steps make of the cache: what was just arranged or proven need not be looked at
/// at once, and what a step has changed is.
void note_steps(
    const Desired& desired,
    const Observed& observed,
    std::span<const Step> done,
    bool is_settled,
    const std::optional<WriteBackoff>& backoff,
    TenantCache& cache
);

}  // namespace djdb
