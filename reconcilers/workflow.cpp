#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace djdb {
namespace {

constexpr std::array<Stage, 9> kFoundation{{
    {ConditionType::Accepted, "Pending", assess_spec},
    {ConditionType::ServerReachable, "Pending", assess_server},
    {ConditionType::DeletionGuarded, "Claiming", assess_finalizer},
    {ConditionType::Claimed, "Claiming", assess_claim},
    {ConditionType::CredentialsStored, "Provisioning", assess_credentials},
    {ConditionType::RolesReady, "Provisioning", assess_roles},
    {ConditionType::DatabaseReady, "Provisioning", assess_database},
    {ConditionType::GrantsReady, "Provisioning", assess_grants},
    {ConditionType::CredentialsSynced, "Provisioning", assess_secret},
}};
/// Compared also while the foundation waits for something.
constexpr std::array<Stage, 1> kDrift{{
    {ConditionType::InSync, "Provisioning", assess_drift},
}};
constexpr std::array<Stage, 7> kRelease{{
    {ConditionType::Gated, "Held", assess_gate},
    {ConditionType::PreflightPassed, "Preflight", assess_preflight},
    {ConditionType::PlanApproved, "AwaitingApproval", assess_plan},
    {ConditionType::BackupFresh, "BackingUp", assess_backup},
    {ConditionType::MigrationsApplied, "Migrating", assess_migration},
    {ConditionType::RolledOut, "RollingOut", assess_rollout},
    {ConditionType::Verified, "Verifying", assess_verification},
}};
constexpr std::array<Stage, 1> kDeletion{{
    {ConditionType::DeletionGuarded, "Deleting", assess_deletion},
}};
constexpr std::array<Stage, 1> kDeletionOfObserver{{
    {ConditionType::DeletionGuarded, "Deleting", assess_deletion_of_observer},
}};

constexpr std::array kFoundationAlone{LaneId::Foundation};

constexpr std::array<Lane, 3> lanes_in(Mode mode) {
    return {{
        {LaneId::Foundation, {}, kFoundation, mode},
        {LaneId::Drift, {}, kDrift, mode},
        {LaneId::Release, kFoundationAlone, kRelease, mode},
    }};
}
constexpr auto kApply = lanes_in(Mode::Apply);
constexpr auto kObserve = lanes_in(Mode::Observe);
constexpr std::array<Lane, 1> kDelete{{{LaneId::Deletion, {}, kDeletion}}};
constexpr std::array<Lane, 1> kDeleteObserver{{{LaneId::Deletion, {}, kDeletionOfObserver}}};

bool is_satisfied(const Assessment& assessment, LaneId id) {
    const auto* lane = assessment.find(id);
    return lane != nullptr && lane->is_satisfied();
}

std::vector<StageResult> assess_stages(
    std::span<const Stage> stages, const Desired& desired, const Observed& observed
) {
    std::vector<StageResult> results;
    for (const auto& stage : stages) {
        results.push_back({stage.condition, stage.phase, stage.assess(desired, observed)});
        const auto& verdict = results.back().verdict;
        const auto* act = std::get_if<Act>(&verdict);
        const bool continues = act != nullptr && act->after == AfterSteps::Continue;
        if (!std::holds_alternative<Satisfied>(verdict) && !continues) {
            break;
        }
    }
    return results;
}

}  // namespace

std::span<const Lane> lanes_for(const DjangoDatabase& object) {
    const bool only_observes = object.spec.mode == Mode::Observe;
    if (object.meta.being_deleted) {
        return only_observes ? std::span<const Lane>(kDeleteObserver) : kDelete;
    }
    return only_observes ? std::span<const Lane>(kObserve) : kApply;
}

bool contains(std::span<const Lane> lanes, LaneId id) {
    return std::ranges::find(lanes, id, &Lane::id) != lanes.end();
}

Assessment assess(std::span<const Lane> lanes, const Desired& desired, const Observed& observed) {
    Assessment assessment;
    for (const auto& lane : lanes) {
        const bool is_reached = std::ranges::all_of(lane.needs, [&](LaneId id) {
            return is_satisfied(assessment, id);
        });
        assessment.lanes.push_back(
            {&lane,
             is_reached,
             is_reached ? assess_stages(lane.stages, desired, observed)
                        : std::vector<StageResult>{}}
        );
    }
    return assessment;
}

Assessment assess(const Desired& desired, const Observed& observed) {
    return assess(lanes_for(desired.object), desired, observed);
}

std::vector<Step> LaneAssessment::steps() const {
    std::vector<Step> all;
    for (const auto& result : results) {
        std::ranges::copy(steps_of(result.verdict), std::back_inserter(all));
    }
    return all;
}

const StageResult* LaneAssessment::stopped_at() const {
    const auto stop = std::ranges::find_if(results, [](const StageResult& result) {
        return !std::holds_alternative<Satisfied>(result.verdict);
    });
    return stop == results.end() ? nullptr : &*stop;
}

const LaneAssessment* Assessment::find(LaneId id) const {
    const auto found = std::ranges::find_if(lanes, [&](const LaneAssessment& lane) {
        return lane.lane->id == id;
    });
    return found == lanes.end() ? nullptr : &*found;
}

std::vector<Step> Assessment::steps() const {
    std::vector<Step> all;
    for (const auto& lane : lanes) {
        std::ranges::copy(lane.steps(), std::back_inserter(all));
    }
    return all;
}

const StageResult* Assessment::stopped_at() const {
    for (const auto& lane : lanes) {
        if (const auto* stop = lane.stopped_at()) {
            return stop;
        }
    }
    return nullptr;
}

}  // namespace djdb
