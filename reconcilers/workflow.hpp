// The lanes and their stages: the product on two dozen lines. A lane is an ordered list of stages that
// stops at the first one that is not satisfied; another lane goes on meanwhile, unless it needs that
// one. Every run starts from facts and never from a remembered phase.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/run.hpp"
#include "reconcilers/verdict.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace djdb {

struct Stage {
    ConditionType condition;
    /// Printed while this stage is the one that is worked on.
    std::string_view phase;
    Verdict (*assess)(const Desired&, const Observed&);
};

struct Lane {
    LaneId id;
    /// It is assessed when all of these are satisfied.
    std::span<const LaneId> needs;
    std::span<const Stage> stages;
    /// With Observe its steps are told and not done.
    Mode mode = Mode::Apply;
};

/// What is to be done for this resource: here and nowhere else it is told whether it is deleted or
/// only observed. In the order in which conditions are shown and lanes are executed.
std::span<const Lane> lanes_for(const DjangoDatabase&);
bool contains(std::span<const Lane> lanes, LaneId id);

struct StageResult {
    ConditionType condition;
    std::string_view phase;
    Verdict verdict;
};

/// The verdicts up to the one that stopped; stages behind it have none.
struct LaneAssessment {
    const Lane* lane;
    /// False while a lane that it needs is not satisfied; then there are no results.
    bool is_reached = false;
    std::vector<StageResult> results;

    [[nodiscard]] std::vector<Step> steps() const;
    /// The first result that is not satisfied; none when everything is, or nothing was assessed.
    [[nodiscard]] const StageResult* stopped_at() const;
    [[nodiscard]] bool is_satisfied() const { return is_reached && stopped_at() == nullptr; }
};

struct Assessment {
    std::vector<LaneAssessment> lanes;

    /// nullptr: the resource has no such lane.
    [[nodiscard]] const LaneAssessment* find(LaneId) const;
    /// Of all lanes, in order.
    [[nodiscard]] std::vector<Step> steps() const;
    /// Of the first lane that stopped; none when all are satisfied.
    [[nodiscard]] const StageResult* stopped_at() const;
};

Assessment assess(std::span<const Lane> lanes, const Desired& desired, const Observed& observed);
/// By the lanes of the resource.
Assessment assess(const Desired& desired, const Observed& observed);

// One file each in stages/, its truth table on top.
Verdict assess_spec(const Desired&, const Observed&);
Verdict assess_server(const Desired&, const Observed&);
Verdict assess_finalizer(const Desired&, const Observed&);
Verdict assess_claim(const Desired&, const Observed&);
Verdict assess_credentials(const Desired&, const Observed&);
Verdict assess_roles(const Desired&, const Observed&);
Verdict assess_database(const Desired&, const Observed&);
Verdict assess_grants(const Desired&, const Observed&);
Verdict assess_secret(const Desired&, const Observed&);
Verdict assess_drift(const Desired&, const Observed&);
Verdict assess_gate(const Desired&, const Observed&);
Verdict assess_preflight(const Desired&, const Observed&);
Verdict assess_plan(const Desired&, const Observed&);
Verdict assess_backup(const Desired&, const Observed&);
Verdict assess_migration(const Desired&, const Observed&);
Verdict assess_rollout(const Desired&, const Observed&);
Verdict assess_verification(const Desired&, const Observed&);
Verdict assess_deletion(const Desired&, const Observed&);
Verdict assess_deletion_of_observer(const Desired&, const Observed&);

/// Which field of the resource can't be read, and the repair.
std::string explain_undecodable(const Desired&);
/// For whoever can't wait until the server does what deletion asks of it.
std::string how_to_orphan(const Desired&);

}  // namespace djdb
