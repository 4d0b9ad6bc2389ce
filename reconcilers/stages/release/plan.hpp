// What the migrations of a release will do, as its pre-flight found it, and whether the spec lets them run. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/observe/observed.hpp"

#include <optional>
#include <string>

namespace djdb {

enum class PlanDecision {
    Allowed,    ///< the spec restricts nothing that is in it
    Approved,   ///< spec.migrations.approvedPlan names it
    Undecided,  ///< it asks for an approval
    Refused,
    Unknown,  ///< the spec restricts something, and nobody has judged the plan
};

/// As the last probe in the environment of this workload found it, unless that is of a release that is over.
FoundPlan find_plan(const Desired&, const Observed&, const Workload& source);

PlanDecision decide(const MigrationsSpec&, const FoundPlan&);

/// Who wrote spec.migrations.approvedPlan, as the admission policy djangodb-plan-approval noted it; empty: not known.
std::string approver_of(const DjangoDatabase&);

/// Those that a migration Job of this workload may apply, as DJANGODB_APPROVED names them: one by one, or where they are
/// too many by the digest of all. None: the spec restricts nothing, and all that are pending may be applied.
std::optional<std::string> approved_migrations(
    const Desired&, const Observed&, const Workload& source
);

}  // namespace djdb
