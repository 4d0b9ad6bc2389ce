// What may go wrong in any rollout of these Deployments, as they are written. No reason to hold one. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <string>

namespace djdb {

/// Of each kind the first Deployment, a sentence each behind a space. Empty: there is nothing to warn of.
std::string rollout_warnings(const Desired&, const Observed&);

}  // namespace djdb
