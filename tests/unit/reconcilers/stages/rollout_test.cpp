// When a Pod template counts as rolled out: the table in release.hpp, and what users see of it.
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace djdb {
namespace {

constexpr std::array kAllStates{
    PodsState::Unseen,
    PodsState::Mixed,
    PodsState::Progressing,
    PodsState::Terminating,
    PodsState::Complete};

const Condition& condition_of(const DjangoDatabaseStatus& status, ConditionType type) {
    return *std::ranges::find(status.conditions, type, &Condition::type);
}

DjangoDatabaseStatus look(const Desired& desired, const Observed& observed) {
    return derive_status(desired, observed, assess(desired, observed), {});
}

/// A resource that has said that all has rolled out.
Desired a_released() {
    auto desired = a_desired();
    desired.object.status = look(desired, a_settled_world());
    return desired;
}

TEST(Rollout, IsJudgedAsTheTableSays) {
    const auto fresh = a_desired();
    const auto released = a_released();
    for (const auto pods : kAllStates) {
        for (const bool paused : {false, true}) {
            auto workload = a_settled_world().release.workloads.front();
            workload.pods = pods;
            if (paused) {
                workload.hold = Hold::Paused;
            }
            EXPECT_EQ(is_rolled_out(fresh, workload), !paused && pods == PodsState::Complete);
            EXPECT_EQ(is_rolled_out(released, workload), !paused && pods != PodsState::Mixed);
            auto changed = workload;
            changed.pod_template = a_workload("web", "shop:v3").pod_template;
            auto replaced = workload;
            replaced.meta.uid = ResourceUid("another");
            auto other = workload;
            other.meta.key.name = ObjectName("other");
            for (const auto& unknown : {changed, replaced, other}) {
                EXPECT_EQ(is_rolled_out(released, unknown), !paused && pods == PodsState::Complete);
            }
        }
    }
}

TEST(Rollout, ScalingWhatIsReleasedChangesNothingThatIsSaid) {
    const auto desired = a_released();
    for (const auto pods : {PodsState::Unseen, PodsState::Progressing, PodsState::Terminating}) {
        auto observed = a_settled_world();
        observed.release.workloads.front().pods = pods;
        EXPECT_EQ(look(desired, observed), desired.object.status);
    }
}

TEST(Rollout, ARealChangeIsNotReadyUntilTheLastOldPodIsGone) {
    auto desired = a_released();
    for (const auto pods :
         {PodsState::Unseen, PodsState::Mixed, PodsState::Progressing, PodsState::Terminating}) {
        auto observed = a_settled_world();
        auto& web = observed.release.workloads.front();
        auto restarted = nlohmann::json::parse(web.pod_template.text());
        restarted["metadata"]["annotations"]["restarted"] = "now";
        web.pod_template = PodTemplate(restarted);
        web.pods = pods;
        const auto status = look(desired, observed);
        EXPECT_EQ(condition_of(status, ConditionType::Ready).status, ConditionStatus::False);
        const auto& rolled = condition_of(status, ConditionType::RolledOut);
        EXPECT_EQ(rolled.reason, Reason::RollingOut);
        EXPECT_EQ(
            rolled.message.find("old Pods of web") != std::string::npos,
            pods == PodsState::Terminating
        );
        EXPECT_EQ(status.workloads.front().pod_template, "") << "the old template is forgotten";
        // And back again: the old template's Pods were mixed with the new one's meanwhile.
        desired.object.status = status;
        web.pod_template = a_workload("web", "shop:v2").pod_template;
        EXPECT_FALSE(is_rolled_out(desired, web));
        desired = a_released();
    }
}

}  // namespace
}  // namespace djdb
