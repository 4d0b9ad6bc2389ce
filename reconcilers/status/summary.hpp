// The conditions that sum up all stages, Ready and Reconciling or Stalled, and the phase. Pure.
#pragma once

#include "reconcilers/status/conditions.hpp"

#include <string>
#include <vector>

namespace djdb {

/// @param stops of the lanes; the first one is what is told
std::vector<Condition> summary_conditions(
    const Desired&, const Assessment&, const std::vector<LaneStop>& stops
);

std::string phase_of(const Assessment&, const std::vector<LaneStop>& stops);

}  // namespace djdb
