// What the operator notes and asks of a release, for docs/statements.md. Pure.
#pragma once

#include "reconcilers/ports/tenant.hpp"
#include "reconcilers/sql/docgen/statement_sections.hpp"

#include <vector>

namespace djdb::sql {

std::vector<Section> sections_of_releases(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
