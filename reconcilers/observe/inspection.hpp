// The looks that need sessions of their own, and so are taken only when something changed or an hour
// has gone: into the tenant's database, and a login with each stored password.
#pragma once

#include "reconcilers/observe/observed.hpp"
#include "reconcilers/run.hpp"

namespace djdb {

/// What differs inside the database, and rejected logins: looked at when due, else as it was found
/// last. Nothing is looked at before the database was configured once.
Inspection inspect_when_due(
    const Desired& desired,
    const Observed& observed,
    TenantDatabase& database,
    TenantCache& cache,
    const CallContext& call
);

/// What a run makes of the cache: what was just arranged or proven need not be looked at immediately,
/// and what a step has changed is.
void note_steps(
    const Desired& desired, const Observed& observed, const Outcomes& outcomes, TenantCache& cache
);

}  // namespace djdb
