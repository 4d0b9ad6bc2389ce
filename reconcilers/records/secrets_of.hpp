// What must not be in a record. Pure.
#pragma once

#include "crds/sensitive.hpp"
#include "reconcilers/observe/observed.hpp"

#include <vector>

namespace djdb {

/// The tenant's passwords, and what the templates hold as it is under names that say what it is.
std::vector<Sensitive> secrets_of(const Observed&);

}  // namespace djdb
