// How to go back from a release that does not work, and whether the release before it works with the database as it is
// now. Advice alone: nothing is decided by it. Pure.
//
// between the two releases               | going back
// ---------------------------------------|------------------------------------------------
// nothing was migrated                   | works: its template opens at once
// what was migrated was judged, and all  |
//   of it compatible                     | works, once its template was tried out again
// anything else                          | is not safe: the gate would hold it (RollbackUnsafe)
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <string>

namespace djdb {

/// A sentence or two with the commands, behind a space. Empty: no earlier release is known that worked, or the
/// ReplicaSets that keep its templates are gone.
std::string way_back(const Desired&, const Observed&);

}  // namespace djdb
