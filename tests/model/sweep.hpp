// Nothing by chance: a fixed script, in which every effect in turn goes wrong in every way.
#pragma once

namespace djdb::model {

/// Prints what it did, and the history of each course that broke a rule.
/// @return how many did
int sweep();

}  // namespace djdb::model
