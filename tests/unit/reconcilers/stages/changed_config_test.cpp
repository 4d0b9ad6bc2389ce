// What changed alone, and can't be held, is tried out beside a release that goes on.
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb {
namespace {

const Published kSettings{PublishedKind::ConfigMap, ObjectName("settings")};

/// Rolled out, with version 1 of its ConfigMap; now there is version 2.
struct World {
    Desired desired = a_desired();
    Observed observed = a_provisioned_world();

    World() {
        auto web = a_workload("web", "shop:v2");
        web.pod_template = PodTemplate(nlohmann::json::parse(R"({"spec": {"containers": [
            {"name": "app", "image": "shop:v2", "envFrom": [{"configMapRef": {"name": "settings"}}]}]}})"
        ));
        web.pods = PodsState::Complete;
        observed.release.workloads = {web};
        observed.release.configs[kSettings] = "1";
        observed.tenant->passed_templates = {
            a_pass_of(desired, observed, web, "public", ResourceUid("job"))};
        observed.tenant->passed_templates.front().verified = "it works";
        observed.inspection.applied = observed.tenant->passed_templates.front().applied;
        observed.release.configs[kSettings] = "2";
    }
    JobRun& add_probe() {
        auto& probe = observed.jobs.emplace_back(
            a_passed_probe(desired, observed, observed.release.workloads.front())
        );
        probe.created = observed.now;
        probe.expires = true;  // as the roll-out, which is over, has it
        return probe;
    }
    [[nodiscard]] Satisfied verdict() const {
        return std::get<Satisfied>(assess_preflight(desired, observed));
    }
    [[nodiscard]] bool is_ready() const {
        return assess(desired, observed).stopped_at() == nullptr;
    }
};

TEST(ChangedConfig, IsTriedOutAndHoldsNothing) {
    World world;
    const auto verdict = world.verdict();
    ASSERT_EQ(verdict.steps.size(), 1U);
    const auto& start = std::get<StartProbe>(verdict.steps.front());
    EXPECT_EQ(start.attempt, 1);
    EXPECT_EQ(start.proves, probe_name(world.desired, world.observed, start.source));
    EXPECT_TRUE(world.is_ready());
    world.add_probe();
    EXPECT_TRUE(world.verdict().steps.empty());
    EXPECT_EQ(world.verdict().confidence, Confidence::Holds);
}

TEST(ChangedConfig, IsLeftToItsProbe) {
    World world;
    auto& probe = world.add_probe();
    probe.state = JobState::Running;
    probe.pods.front().is_over = false;
    probe.pods.front().end.reset();
    EXPECT_TRUE(world.verdict().steps.empty()) << "it is not removed, and no other is made";
    EXPECT_TRUE(world.is_ready());
}

TEST(ChangedConfig, ThatDoesNotWorkIsToldAndHoldsNothing) {
    World world;
    end_job(world.add_probe(), 70, an_answer(false, "SettingsImportFailed"));
    const auto verdict = world.verdict();
    EXPECT_EQ(verdict.confidence, Confidence::Doubted);
    EXPECT_EQ(verdict.finding.reason, Reason::SettingsImportFailed);
    EXPECT_NE(verdict.finding.message.find("ConfigMap \"settings\""), std::string::npos);
    EXPECT_TRUE(verdict.steps.empty()) << "and not tried again: the next template is";
    EXPECT_TRUE(world.is_ready());
}

TEST(ChangedConfig, IsNotBlamedForWhatPassesByItself) {
    World world;
    end_job(world.add_probe(), 75, an_answer(false, "Unreachable"), world.observed.now);
    EXPECT_EQ(world.verdict().confidence, Confidence::Holds);
    EXPECT_TRUE(world.verdict().steps.empty());
    world.observed.now += std::chrono::hours{1};
    ASSERT_EQ(world.verdict().steps.size(), 1U);
    EXPECT_EQ(std::get<StartProbe>(world.verdict().steps.front()).attempt, 2);
}

TEST(ChangedConfig, ThatKeepsPodsFromStartingIsTold) {
    World world;
    auto& probe = world.add_probe();
    probe.state = JobState::Running;
    auto& pod = probe.pods.front();
    pod.is_over = false;
    pod.has_started = false;
    pod.end.reset();
    pod.waiting = Explanation{"CreateContainerConfigError", "couldn't find key DEBUG"};
    const auto verdict = world.verdict();
    EXPECT_EQ(verdict.finding.reason, Reason::PreflightJobStuck);
    EXPECT_NE(verdict.finding.message.find("couldn't find key DEBUG"), std::string::npos);
    EXPECT_TRUE(world.is_ready());
}

TEST(ChangedConfig, IsTriedOutOnceAnHourAtMost) {
    World world;
    world.add_probe();
    world.observed.release.configs[kSettings] = "3";
    EXPECT_TRUE(world.verdict().steps.empty());
    world.observed.now += std::chrono::hours{1};
    EXPECT_EQ(world.verdict().steps.size(), 1U);
}

TEST(ChangedConfig, OfWhatIsHeldIsTheReleases) {
    World world;
    auto& web = world.observed.release.workloads.front();
    web.hold = Hold::Paused;
    web.is_marked = true;
    const auto verdict = assess_preflight(world.desired, world.observed);
    ASSERT_TRUE(std::holds_alternative<Act>(verdict));
    EXPECT_TRUE(std::holds_alternative<StartProbe>(steps_of(verdict).front()));
}

}  // namespace
}  // namespace djdb
