// Whether an app that ran with another database is about to begin with this one, which is empty. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/verdict.hpp"

#include <optional>

namespace djdb {

/// Nothing: there is none, or somebody said that it is meant.
std::optional<Blocked> judge_cutover(const Desired&, const Observed&);

/// The templates that have rolled are to be read for that: nothing has passed on this database yet, nor is in it.
bool may_be_cutover(const Desired&, const Observed&);

}  // namespace djdb
