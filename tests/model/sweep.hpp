// Nothing by chance: a fixed script, in which every effect in turn goes wrong in every way.
#pragma once

namespace djdb::model {

/// Prints what it did, and the history of each course that broke a rule.
/// @return how many did
/// @param is_sample at each effect one mishap in turn, in place of all
int sweep(bool is_sample);

}  // namespace djdb::model
