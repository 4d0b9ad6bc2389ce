// Whether the database shows what a migration Job says it did: its answer comes from the tenant's program. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/job.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/workflow.hpp"

#include <optional>

namespace djdb {

/// @param applied read where the answer says that the app keeps its django_migrations
/// @return Blocked with what is missing; nothing when the database shows all of it
std::optional<Verdict> doubt_of(
    const Desired&, const JobRun&, const Answered&, const AppliedMigrations& applied
);

}  // namespace djdb
