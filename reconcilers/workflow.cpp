#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace djdb {

std::span<const Stage> workflow() {
    static constexpr std::array<Stage, 13> kStages{{
        {ConditionType::Accepted, "Pending", assess_spec},
        {ConditionType::ServerReachable, "Pending", assess_server},
        {ConditionType::DeletionGuarded, "Claiming", assess_finalizer},
        {ConditionType::Claimed, "Claiming", assess_claim},
        {ConditionType::CredentialsStored, "Provisioning", assess_credentials},
        {ConditionType::RolesReady, "Provisioning", assess_roles},
        {ConditionType::DatabaseReady, "Provisioning", assess_database},
        {ConditionType::GrantsReady, "Provisioning", assess_grants},
        {ConditionType::CredentialsSynced, "Provisioning", assess_secret},
        {ConditionType::InSync, "Provisioning", assess_drift},
        {ConditionType::Gated, "Held", assess_gate},
        {ConditionType::MigrationsApplied, "Migrating", assess_migration},
        {ConditionType::RolledOut, "RollingOut", assess_rollout},
    }};
    return kStages;
}

std::span<const Stage> deletion_workflow() {
    static constexpr std::array<Stage, 1> kStages{
        {{ConditionType::DeletionGuarded, "Deleting", assess_deletion}}};
    return kStages;
}

Assessment assess(std::span<const Stage> stages, const Desired& desired, const Observed& observed) {
    Assessment assessment;
    for (const auto& stage : stages) {
        assessment.results.push_back({stage.condition, stage.phase, stage.assess(desired, observed)}
        );
        const auto& verdict = assessment.results.back().verdict;
        const auto* act = std::get_if<Act>(&verdict);
        if (!std::holds_alternative<Satisfied>(verdict) && (act == nullptr || !act->plans_ahead)) {
            break;
        }
    }
    return assessment;
}

std::vector<Step> Assessment::steps() const {
    std::vector<Step> all;
    for (const auto& result : results) {
        if (const auto* act = std::get_if<Act>(&result.verdict)) {
            std::ranges::copy(act->steps, std::back_inserter(all));
        }
    }
    return all;
}

const StageResult* Assessment::stopped_at() const {
    for (const auto& result : results) {
        if (!std::holds_alternative<Satisfied>(result.verdict)) {
            return &result;
        }
    }
    return nullptr;
}

}  // namespace djdb
