// What the migrations of a release will do, as its pre-flight found it, and whether the spec lets them run. Pure.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/observe/observed.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb {

/// What is left of `ahead` are migrations that nobody has judged compatible with the release that ran before them.
/// As the last probe in the environment of this workload found it, unless that is of a release that is over. An approval
/// is of one time: where a backup brings back what was migrated, or something else has passed since, the same migrations
/// have another name.
FoundPlan find_plan(const Desired&, const Observed&, const Workload& source);

/// It was looked for, and nothing is to be migrated.
bool has_nothing_pending(const FoundPlan&);

/// Not every migration may run unasked.
bool restricts(const MigrationsSpec&);

PlanDecision decide(const MigrationsSpec&, const FoundPlan&);

/// A migration Job that found something pending which was not approved, and has done nothing.
bool has_met_another_plan(const JobRun& migration);

/// It looked before such a migration did: what is pending is something else than it found.
bool is_outdated_by(const JobRun& probe, const JobRun& migration);

/// Who wrote spec.migrations.approvedPlan, as the admission policy djangodb-plan-approval noted it; empty: not known.
std::string approver_of(const DjangoDatabase&);

/// Those that a migration Job of this workload may apply, as DJANGODB_APPROVED names them: one by one, or where they are
/// too many by the digest of all. None: the spec restricts nothing, and all that are pending may be applied; but none is
/// where the release was found to change nothing and is not backed up for that.
std::optional<std::string> approved_migrations(
    const Desired&, const Observed&, const Workload& source
);

/// What its plan says of the migrations that a Job of this workload is about to apply. Empty: there is none, or it does
/// not tell of each of them; and of a database in which nothing was migrated before, to which nobody goes back.
std::vector<JudgedMigration> judged_migrations(
    const Desired&, const Observed&, const Workload& source
);

}  // namespace djdb
