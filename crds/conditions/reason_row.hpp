// What a row of the tables in this folder is made of: short names for long tables.
#pragma once

#include "crds/conditions/reasons.hpp"

namespace djdb::reasons {

using enum Reason;
using C = ConditionType;

}  // namespace djdb::reasons
