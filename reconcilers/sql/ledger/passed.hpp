// What has passed: which templates of an app, on which state of its database. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace djdb::sql {

/// Part of create_ledger.
Statement create_passed_template();

/// Part of create_ledger: what is to be proven of a template that passed, and what was. A template without a row is not
/// to be proven: a version that knows nothing of this table let it pass.
Statement create_verification();

/// An expression: the rows of $1 on the database d as a JSON array of arrays, most recent last; NULL: there are none.
std::string passed_templates();
/// Reads its value back.
std::vector<PassedTemplate> passed_templates_in(const std::string& text);

/// Raises DJ003 when the claimed database does not have the name any more: a gate would be opened for a
/// template whose migrations went with it.
Statement record_passed(const TenantNames&, const Claimant&, const PassedTemplate&);
/// The same as the version before reads it, which may come back.
Statement record_passed_image(const TenantNames&, const Claimant&, const ImageRef&);

/// That it is to be proven; none where nobody asks for it.
Batch ask_for_verification(const TenantNames&, const PassedTemplate&);
Statement record_verified(const TenantNames&, const PassedTemplate&, const std::string& said);

/// So many of each are remembered for a database: to go back to an older one costs a Job that has nothing to do.
inline constexpr std::size_t kMostPassed = 50;
/// Of the database those that passed before that many others.
/// @param recorded so many templates passed together; with as many before them they are kept, however many that is, since
/// an app whose own templates were forgotten would never be through
Batch forget_passed(const TenantNames&, std::size_t recorded);

}  // namespace djdb::sql
