// The condition of each stage, lane by lane, and where a lane stopped. Pure.
#pragma once

#include "reconcilers/run.hpp"
#include "reconcilers/workflow.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace djdb {

/// At a stage that is not satisfied, or at a step of it that failed.
struct LaneStop {
    LaneId lane = LaneId::Foundation;
    const StageResult* at = nullptr;
    Finding finding;
    bool needs_a_person = false;
};

/// Of the lanes that stopped, in their order. They point into the assessment.
std::vector<LaneStop> find_stops(const Desired&, const Assessment&, const Outcomes&);

/// One for each stage of each lane; those that were not reached are Unknown.
std::vector<Condition>
stage_conditions(const Desired&, const Assessment&, const std::vector<LaneStop>&);

/// Ready is False for it, and Stalled or Reconciling True.
/// @param generation of the object that says so
std::vector<Condition> conditions_of_stop(const LaneStop&, std::int64_t generation);

Condition make_condition(const Desired&, ConditionType, ConditionStatus, Finding);

/// Every lane is in mode Observe.
bool only_observes(const Assessment&);

/// What would be done instead of what is being done.
Finding observe_only(const Assessment&);

}  // namespace djdb
