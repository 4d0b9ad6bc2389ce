#include "reconcilers/status/conditions.hpp"

#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/failure_reason.hpp"

#include <algorithm>
#include <utility>

namespace djdb {
namespace {

const Finding& finding_of(const Verdict& verdict) {
    return std::visit([](const auto& v) -> const Finding& { return v.finding; }, verdict);
}

ConditionStatus status_of(const Verdict& verdict) {
    const auto* satisfied = std::get_if<Satisfied>(&verdict);
    if (satisfied == nullptr) {
        return ConditionStatus::False;
    }
    switch (satisfied->confidence) {
        case Confidence::Holds:
            return ConditionStatus::True;
        case Confidence::Doubted:
            return ConditionStatus::False;
        case Confidence::Unknown:
            break;
    }
    return ConditionStatus::Unknown;
}

/// Of a step of deletion that the server refused: waiting need not help, so the way out is told.
bool offers_orphan(const StepId& step) {
    return step.is<RetireTenant>() || step.is<DropTenant>();
}

std::string what_helps(const Desired& desired, const StepId& step, const Failure& failure) {
    if (is_refused_write(failure)) {
        return " It is tried again every 5 minutes, and immediately when this resource's spec or a "
               "labelled Deployment's Pod template changes.";
    }
    return offers_orphan(step) ? how_to_orphan(desired) : "";
}

LaneStop stop_at_step(
    const Desired& desired, const LaneAssessment& lane, const StepOutcome& outcome
) {
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): only failed ones come here
    const auto& failure = outcome.failure.value();
    const auto at = std::ranges::find(lane.results, outcome.stage, &StageResult::condition);
    return {
        lane.lane->id,
        &*at,
        {reason_of(failure),
         std::string(outcome.step.kind) + ": " + failure.message +
             what_helps(desired, outcome.step, failure)},
        needs_a_person(failure)};
}

std::optional<LaneStop> find_stop(
    const Desired& desired,
    const Assessment& assessment,
    const LaneAssessment& lane,
    const Outcomes& outcomes
) {
    const auto* failed = failure_in(outcomes, lane.lane->id);
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): failure_in() found it
    if (failed != nullptr && !is_overtaken(*failed->failure)) {
        return stop_at_step(desired, lane, *failed);
    }
    const auto* stage = lane.stopped_at();
    if (stage == nullptr) {
        return std::nullopt;
    }
    const bool is_told_only =
        lane.lane->mode == Mode::Observe && std::holds_alternative<Act>(stage->verdict);
    return LaneStop{
        lane.lane->id,
        stage,
        is_told_only ? observe_only(assessment) : finding_of(stage->verdict),
        std::holds_alternative<Blocked>(stage->verdict)};
}

std::vector<Condition> lane_conditions(
    const Desired& desired, const LaneAssessment& lane, const LaneStop* stop
) {
    std::vector<Condition> conditions;
    bool is_behind = false;
    for (const auto& stage : lane.lane->stages) {
        const auto result =
            std::ranges::find(lane.results, stage.condition, &StageResult::condition);
        if (is_behind || result == lane.results.end()) {
            conditions.push_back(make_condition(
                desired,
                stage.condition,
                ConditionStatus::Unknown,
                {Reason::WaitingForEarlierStage, "Waits for an earlier condition."}
            ));
        } else if (stop != nullptr && &*result == stop->at) {
            conditions.push_back(
                make_condition(desired, stage.condition, ConditionStatus::False, stop->finding)
            );
            is_behind = true;
        } else {
            conditions.push_back(make_condition(
                desired, stage.condition, status_of(result->verdict), finding_of(result->verdict)
            ));
        }
    }
    return conditions;
}

}  // namespace

std::vector<Condition> conditions_of_stop(const LaneStop& stop, std::int64_t generation) {
    const auto& [reason, message] = stop.finding;
    const auto kind = stop.needs_a_person ? ConditionType::Stalled : ConditionType::Reconciling;
    return {
        {ConditionType::Ready, ConditionStatus::False, reason, message, generation, {}},
        {kind, ConditionStatus::True, reason, message, generation, {}}};
}

Condition make_condition(
    const Desired& desired, ConditionType type, ConditionStatus status, Finding finding
) {
    return {
        type,
        status,
        finding.reason,
        std::move(finding.message),
        desired.object.meta.generation,
        {}};
}

bool only_observes(const Assessment& assessment) {
    return std::ranges::all_of(assessment.lanes, [](const LaneAssessment& lane) {
        return lane.lane->mode == Mode::Observe;
    });
}

Finding observe_only(const Assessment& assessment) {
    std::string steps;
    for (const auto& step : assessment.steps()) {
        steps += (steps.empty() ? "" : ", ") + std::string(to_string(step));
    }
    return {
        Reason::ObserveOnly,
        steps.empty()
            ? "Mode Observe: nothing is to be done, and no release goes on."
            : "Mode Observe: nothing was changed. To be done with mode Apply: " + steps + "."};
}

std::vector<LaneStop> find_stops(
    const Desired& desired, const Assessment& assessment, const Outcomes& outcomes
) {
    std::vector<LaneStop> stops;
    for (const auto& lane : assessment.lanes) {
        if (auto stop = find_stop(desired, assessment, lane, outcomes)) {
            stops.push_back(std::move(*stop));
        }
    }
    return stops;
}

std::vector<Condition> stage_conditions(
    const Desired& desired, const Assessment& assessment, const std::vector<LaneStop>& stops
) {
    std::vector<Condition> conditions;
    for (const auto& lane : assessment.lanes) {
        const auto stop = std::ranges::find(stops, lane.lane->id, &LaneStop::lane);
        std::ranges::move(
            lane_conditions(desired, lane, stop == stops.end() ? nullptr : &*stop),
            std::back_inserter(conditions)
        );
    }
    return conditions;
}

}  // namespace djdb
