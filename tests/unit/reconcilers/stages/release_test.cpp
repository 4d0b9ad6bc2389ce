// The release's laws, checked over every combination of what can be seen: gate, holds, pauses,
// images, what passed, and the migration Job's state. The truth tables on top of the stage files
// say the rest.
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace djdb {
namespace {

using nlohmann::json;

template <class S>
bool plans(const Assessment& assessment) {
    for (const auto& step : assessment.steps()) {
        if (std::holds_alternative<S>(step)) {
            return true;
        }
    }
    return false;
}

enum class Hold { Open, Held, PausedByUser };
enum class Job {
    Absent,
    Running,
    OtherRuns,
    Succeeded,
    SucceededButLies,
    FailedForGood,
    FailedForNow
};

struct World {
    GateState gate;
    Hold hold;
    bool images_agree;
    bool passed;
    Job job;
};

MigrationJob a_job(const Desired& desired, const Observed& observed, Job state) {
    const auto& source = *migration_source(observed);
    MigrationJob job;
    job.name = "shop-migrate-1";
    job.image = ImageRef("shop:v2");
    job.revision =
        state == Job::OtherRuns ? Revision("other") : revision_of(desired, source, job.image);
    job.attempt = 1;
    job.leaves = {"orders.0002_x"};
    job.has_pod = true;
    job.expires =
        true;  // ExpireJobs is bookkeeping behind the release; release_reasons_test has it
    job.state = state == Job::Running || state == Job::OtherRuns            ? JobState::Running
                : state == Job::Succeeded || state == Job::SucceededButLies ? JobState::Succeeded
                                                                            : JobState::Failed;
    job.exit_code = state == Job::FailedForNow ? 85 : 88;
    job.reason = state == Job::FailedForNow ? "LockTimeout" : "MigrationFailed";
    return job;
}

Observed build(const Desired& desired, const World& world) {
    auto observed = a_provisioned_world();
    observed.gate = world.gate;
    observed.workloads = {
        a_workload("web", "shop:v2"),
        a_workload("worker", world.images_agree ? "shop:v2" : "shop:v1")};
    for (auto& workload : observed.workloads) {
        workload.paused = world.hold != Hold::Open;
        workload.paused_by = world.hold == Hold::PausedByUser ? "kubectl" : "";
        workload.pods = PodsState::Complete;
    }
    observed.tenant->passed_images = {ImageRef("shop:v1")};
    if (world.passed) {
        observed.tenant->passed_images.emplace_back("shop:v2");
    }
    if (world.job != Job::Absent) {
        observed.jobs = {a_job(desired, observed, world.job)};
        observed.applied = AppliedMigrations{true, {"orders.0001_initial"}};
        if (world.job == Job::Succeeded) {
            observed.applied->names.emplace_back("orders.0002_x");
        }
    }
    return observed;
}

template <class Check>
void for_every_world(Check check) {
    for (const auto gate : {GateState::Intact, GateState::Missing, GateState::Altered}) {
        for (const auto hold : {Hold::Open, Hold::Held, Hold::PausedByUser}) {
            for (const bool agree : {true, false}) {
                for (const bool passed : {true, false}) {
                    for (const auto job :
                         {Job::Absent,
                          Job::Running,
                          Job::OtherRuns,
                          Job::Succeeded,
                          Job::SucceededButLies,
                          Job::FailedForGood,
                          Job::FailedForNow}) {
                        check(World{gate, hold, agree, passed, job});
                    }
                }
            }
        }
    }
}

TEST(ReleaseLaws, HoldInEveryWorld) {
    const auto desired = a_desired();
    int worlds = 0;
    for_every_world([&](const World& world) {
        ++worlds;
        const auto observed = build(desired, world);
        const auto assessment = assess(desired, observed);
        std::optional<ImageRef> recorded_before;  // execution stops at the first failure, so an
                                                  // earlier step has happened
        for (const auto& step : assessment.steps()) {
            if (const auto* record = std::get_if<RecordPassedImage>(&step)) {
                recorded_before = record->image;
            }
            if (const auto* open = std::get_if<OpenGate>(&step)) {
                const auto image = app_image(open->workload, desired.object.spec.app);
                EXPECT_TRUE(has_passed(observed, *image) || recorded_before == image)
                    << "the gate opens only for what passed";
                EXPECT_TRUE(is_held(open->workload)) << "a user's pause is respected";
            }
        }
        if (plans<StartMigration>(assessment)) {
            EXPECT_TRUE(world.gate == GateState::Intact && world.images_agree && !world.passed);
            EXPECT_NE(world.hold, Hold::PausedByUser);
            EXPECT_TRUE(world.job == Job::Absent || world.job == Job::FailedForNow)
                << "one Job at a time";
        }
        if (plans<RecordPassedImage>(assessment)) {
            EXPECT_EQ(world.job, Job::Succeeded) << "the Job's word is not enough";
        }
        if (world.gate != GateState::Intact) {
            EXPECT_TRUE(assessment.steps().empty()) << "nothing is released past a broken gate";
        }
        const bool ready = assessment.stopped_at() == nullptr;
        EXPECT_EQ(
            ready,
            world.gate == GateState::Intact && world.hold == Hold::Open && world.images_agree &&
                world.passed
        );
    });
    EXPECT_EQ(worlds, 3 * 3 * 2 * 2 * 7);
}

TEST(ReleaseLaws, StatusIsAFixedPointInEveryWorld) {
    auto desired = a_desired();
    for_every_world([&](const World& world) {
        desired.object.status = {};
        const auto observed = build(desired, world);
        const auto assessment = assess(desired, observed);
        const auto once = derive_status(desired, observed, assessment, {});
        desired.object.status = once;
        EXPECT_EQ(derive_status(desired, observed, assessment, {}), once)
            << "a settled resource is not written";
    });
}

TEST(Status, WhatCanNotBeObservedMakesReadyUnknownAndNothingElse) {
    auto desired = a_desired();
    const auto observed = a_provisioned_world();
    const auto assessment = assess(desired, observed);
    desired.object.status = derive_status(desired, observed, assessment, {});
    const Failure refused{
        FailureClass::Forbidden, FailureOrigin::Kubernetes, "403 Forbidden", "cannot get secrets"};
    const auto later = observed.now + std::chrono::seconds{60};
    const auto unknown = derive_unknown_status(desired.object, refused, later);
    ASSERT_EQ(unknown.conditions.size(), desired.object.status.conditions.size());
    for (const auto& condition : unknown.conditions) {
        const auto before =
            std::ranges::find(desired.object.status.conditions, condition.type, &Condition::type);
        if (condition.type == ConditionType::Ready) {
            EXPECT_EQ(condition.status, ConditionStatus::Unknown);
            EXPECT_EQ(condition.reason, Reason::RightsMissing);
            EXPECT_EQ(condition.message, "cannot get secrets");
            EXPECT_EQ(condition.last_transition, later);
        } else {
            EXPECT_EQ(condition, *before);
        }
    }
    desired.object.status = unknown;
    EXPECT_EQ(derive_unknown_status(desired.object, refused, later), unknown) << "written once";
}

TEST(Migration, AWorldWithoutWorkloadsIsReady) {
    const auto desired = a_desired();
    const auto observed = a_provisioned_world();
    const auto assessment = assess(desired, observed);
    EXPECT_EQ(assessment.stopped_at(), nullptr);
    EXPECT_EQ(derive_status(desired, observed, assessment, {}).phase, "Ready");
}

TEST(Migration, ARunOutOfLocksIsTriedAgainAfterAPauseAndFiveTimesAtMost) {
    const auto desired = a_desired();
    auto observed = build(desired, {GateState::Intact, Hold::Held, true, false, Job::FailedForNow});
    observed.jobs.front().finished = observed.now;
    EXPECT_TRUE(std::holds_alternative<Wait>(assess_migration(desired, observed)));
    observed.now += std::chrono::seconds{6};
    const auto again = assess_migration(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Act>(again));
    EXPECT_EQ(std::get<StartMigration>(std::get<Act>(again).steps.back()).attempt, 2);
    observed.jobs.front().attempt = 5;
    EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(desired, observed)));
}

Verdict judge_answer(std::vector<std::string> leaves, std::vector<std::uint32_t> hashes) {
    const auto desired = a_desired();
    auto observed = build(desired, {GateState::Intact, Hold::Held, true, false, Job::Succeeded});
    observed.jobs.front().leaves = std::move(leaves);
    observed.jobs.front().leaf_hashes = std::move(hashes);
    return assess_migration(desired, observed);
}

TEST(Migration, HashesOfLeavesAreLookedForInTheDatabase) {
    // As binascii.crc32 of "orders.0002_x" and "orders.0003_y".
    constexpr std::uint32_t kRecorded = 0x4B2F8D0CU;
    constexpr std::uint32_t kLost = 0x3DEAD7ADU;
    EXPECT_TRUE(std::holds_alternative<Act>(judge_answer({}, {kRecorded})));
    const auto verdict = judge_answer({}, {kRecorded, kLost});
    ASSERT_TRUE(std::holds_alternative<Blocked>(verdict));
    EXPECT_NE(
        std::get<Blocked>(verdict).finding.message.find("lacks 1 of 2 leaf migrations"),
        std::string::npos
    );
}

TEST(Migration, AnAnswerThatNamesNothingIsNotBelieved) {
    EXPECT_TRUE(std::holds_alternative<Blocked>(judge_answer({}, {})));
}

TEST(Migration, AKilledRunIsTriedAgain) {
    const auto desired = a_desired();
    auto observed =
        build(desired, {GateState::Intact, Hold::Held, true, false, Job::FailedForGood});
    observed.jobs.front().exit_code = 137;
    observed.jobs.front().finished = observed.now - std::chrono::seconds{6};
    EXPECT_TRUE(std::holds_alternative<Act>(assess_migration(desired, observed)));
}

TEST(Migration, AChangedTemplateIsANewAttempt) {
    const auto desired = a_desired();
    auto observed =
        build(desired, {GateState::Intact, Hold::Held, true, false, Job::FailedForGood});
    EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(desired, observed)));
    auto changed = json::parse(observed.workloads.front().pod_template);
    changed["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "now";
    observed.workloads.front().pod_template = changed.dump();
    EXPECT_TRUE(std::holds_alternative<Act>(assess_migration(desired, observed)));
}

}  // namespace
}  // namespace djdb
