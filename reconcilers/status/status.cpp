#include "reconcilers/status/status.hpp"

#include "crds/text.hpp"
#include "reconcilers/status/conditions.hpp"
#include "reconcilers/status/failure_reason.hpp"
#include "reconcilers/status/release_status.hpp"
#include "reconcilers/status/summary.hpp"

#include <algorithm>
#include <iterator>

namespace djdb {
namespace {

/// As the schema of status.drift has it.
constexpr std::size_t kMostDrift = 64;
constexpr std::size_t kLongestDrift = 512;

std::vector<std::string> sentences_of(const std::vector<Drift>& drift) {
    std::vector<std::string> sentences;
    for (const auto& one : drift) {
        if (sentences.size() < kMostDrift) {
            sentences.push_back(beginning_of(one.sentence(), kLongestDrift));
        }
    }
    return sentences;
}

bool is_released(const Assessment& assessment, const std::vector<LaneStop>& stops) {
    const auto* lane = assessment.find(LaneId::Release);
    return lane != nullptr && lane->is_satisfied() &&
           std::ranges::find(stops, LaneId::Release, &LaneStop::lane) == stops.end();
}

}  // namespace

DjangoDatabaseStatus derive_status(
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const Outcomes& outcomes
) {
    const auto& before = desired.object.status;
    const auto stops = find_stops(desired, assessment, outcomes);
    DjangoDatabaseStatus status;
    status.observed_generation = desired.object.meta.generation;
    status.secret_name =
        desired.object.undecodable.empty() ? desired.secret_name.str() : before.secret_name;
    const bool is_ours = observed.tenant && observed.tenant->claim == ClaimState::Mine;
    status.database_oid =
        is_ours && is_configured(observed) ? observed.tenant->database_oid : before.database_oid;
    status.phase = phase_of(assessment, stops);
    if (is_comparable(observed)) {
        status.drift = sentences_of(all_drift(observed));
    }
    add_release(desired, observed, is_released(assessment, stops), status);
    auto conditions = stage_conditions(desired, assessment, stops);
    std::ranges::move(
        summary_conditions(desired, assessment, stops), std::back_inserter(conditions)
    );
    status.conditions = merge(before.conditions, std::move(conditions), observed.now);
    return status;
}

DjangoDatabaseStatus derive_unknown_status(
    const DjangoDatabase& object, const Failure& failure, TimePoint now
) {
    auto status = object.status;
    std::erase_if(status.conditions, [](const Condition& condition) {
        return condition.type == ConditionType::Ready;
    });
    status.conditions.push_back(Condition{
        ConditionType::Ready,
        ConditionStatus::Unknown,
        reason_of(failure),
        failure.message,
        object.meta.generation,
        {}});
    status.conditions = merge(object.status.conditions, std::move(status.conditions), now);
    return status;
}

}  // namespace djdb
