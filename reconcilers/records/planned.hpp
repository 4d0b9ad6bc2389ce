// The plan of a release, as its record has it: from all that its probe answered. Pure.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "crds/sensitive.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <string>
#include <vector>

namespace djdb {

/// Those that an answer of a probe tells, in words for people.
/// @param answer JSON, of the tenant's program; what can't be read is left out
/// @param secrets that must not be in a record
std::vector<PlannedMigration> planned_migrations(
    const std::string& answer, const std::vector<Sensitive>& secrets
);

/// Brings the plan up to date while its release is tried out, decided upon and migrated; what was migrated keeps the plan
/// that it was migrated by.
void update_plan(
    DjangoReleaseStatus&, const Desired&, const Observed&, const std::vector<Sensitive>& secrets
);

}  // namespace djdb
