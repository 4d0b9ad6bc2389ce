// The release's laws, checked over every combination of what can be seen: gate, holds, pauses,
// images, what passed, the probe's state and the migration Job's. The truth tables on top of the stage files
// say the rest.
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace djdb {
namespace {

using nlohmann::json;

template <class S>
bool plans(const Assessment& assessment) {
    return std::ranges::any_of(assessment.steps(), [](const Step& step) {
        return std::holds_alternative<S>(step);
    });
}

enum class Gate { Open, OpenAndMarked, Held, PausedByUser };
enum class Job {
    Absent,
    Running,
    OtherRuns,
    Succeeded,
    SucceededButLies,
    FailedForGood,
    FailedForNow
};

enum class Probe { Absent, Running, Passed, Failed };

struct World {
    GateState gate;
    Gate hold;
    bool images_agree;
    bool passed;
    Job job;
    Probe probe = Probe::Passed;
};

JobRun a_job(const Desired& desired, const Observed& observed, Job state) {
    const auto& source = *migration_source(desired, observed);
    auto job = a_job_run();
    job.revision =
        state == Job::OtherRuns ? Revision("other") : revision_of(desired, observed, source);
    job.expires =
        true;  // ExpireJobs is bookkeeping behind the release; release_reasons_test has it
    if (state == Job::Succeeded || state == Job::SucceededButLies) {
        end_job(job, 0, an_answer(true, "", {"orders.0002_x"}));
    } else if (state == Job::FailedForNow) {
        end_job(job, 85, an_answer(false, "LockTimeout"));
    } else if (state == Job::FailedForGood) {
        end_job(job, 88, an_answer(false, "MigrationFailed"));
    }
    return job;
}

JobRun a_probe(const Desired& desired, const Observed& observed, Probe state) {
    auto probe = a_passed_probe(desired, observed, *migration_source(desired, observed));
    if (state == Probe::Running) {
        probe.state = JobState::Running;
        probe.pods.front().is_over = false;
        probe.pods.front().end.reset();
    } else if (state == Probe::Failed) {
        end_job(probe, 72, an_answer(false, "EngineNotPostgres"));
    }
    return probe;
}

Observed build(const Desired& desired, const World& world) {
    auto observed = a_provisioned_world();
    observed.release.gate = world.gate;
    observed.release.workloads = {
        a_workload("web", "shop:v2"),
        a_workload("worker", world.images_agree ? "shop:v2" : "shop:v1")};
    for (auto& workload : observed.release.workloads) {
        if (world.hold == Gate::Held || world.hold == Gate::PausedByUser) {
            workload.hold = Hold::Paused;
        }
        workload.is_marked = world.hold == Gate::Held || world.hold == Gate::OpenAndMarked;
        workload.held_by = world.hold == Gate::PausedByUser ? "kubectl" : "";
        workload.pods = PodsState::Complete;
    }
    if (world.job != Job::Absent) {
        observed.jobs = {a_job(desired, observed, world.job)};
        observed.release.applied = AppliedMigrations{true, {"orders.0001_initial"}};
        if (world.job == Job::Succeeded) {
            observed.release.applied->names.emplace_back("orders.0002_x");
        }
    }
    let_pass(desired, observed, "shop:v1");
    if (world.probe != Probe::Absent) {
        observed.jobs.push_back(a_probe(desired, observed, world.probe));
        observed.jobs.back().expires = world.passed;  // as in a_job()
    }
    if (world.passed) {
        let_pass(desired, observed, "shop:v2");
    }
    return observed;
}

template <class Check>
void for_every_world(Check check) {
    for (const auto gate : {GateState::Intact, GateState::Missing, GateState::Altered}) {
        for (const auto hold : {Gate::Open, Gate::OpenAndMarked, Gate::Held, Gate::PausedByUser}) {
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
                        for (const auto probe :
                             {Probe::Absent, Probe::Running, Probe::Passed, Probe::Failed}) {
                            check(World{gate, hold, agree, passed, job, probe});
                        }
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
        // Execution stops at the first failure, so an earlier step has happened.
        std::set<std::string> recorded_before;
        for (const auto& step : assessment.steps()) {
            if (const auto* record = std::get_if<RecordPassed>(&step)) {
                for (const auto& passed : record->templates) {
                    recorded_before.insert(passed.app_template);
                }
            }
            if (const auto* open = std::get_if<OpenGate>(&step)) {
                const auto hash = app_template_hash(open->workload, desired.object.spec.app);
                EXPECT_TRUE(
                    has_passed(desired, observed, open->workload) || recorded_before.contains(hash)
                ) << "the gate opens only for what passed";
                EXPECT_FALSE(is_paused_by_user(open->workload)) << "a user's pause is respected";
                EXPECT_TRUE(open->workload.hold || open->workload.is_marked)
                    << "nothing is written in vain";
            }
        }
        if (plans<StartMigration>(assessment)) {
            EXPECT_TRUE(world.gate == GateState::Intact && world.images_agree && !world.passed);
            EXPECT_NE(world.hold, Gate::PausedByUser);
            EXPECT_TRUE(world.job == Job::Absent || world.job == Job::FailedForNow)
                << "one Job at a time";
            EXPECT_TRUE(world.probe == Probe::Passed || world.job == Job::FailedForNow)
                << "what was not tried out does not migrate";
        }
        if (plans<StartProbe>(assessment)) {
            EXPECT_TRUE(world.gate == GateState::Intact && world.images_agree && !world.passed);
            EXPECT_NE(world.hold, Gate::PausedByUser);
            EXPECT_EQ(world.probe, Probe::Absent);
        }
        if (plans<RecordPassed>(assessment)) {
            EXPECT_EQ(world.job, Job::Succeeded) << "the Job's word is not enough";
        }
        if (world.gate != GateState::Intact) {
            EXPECT_TRUE(assessment.steps().empty()) << "nothing is released past a broken gate";
        }
        const bool ready = assessment.stopped_at() == nullptr;
        EXPECT_EQ(
            ready,
            world.gate == GateState::Intact && world.hold == Gate::Open && world.images_agree &&
                world.passed && world.probe != Probe::Running
        );
    });
    EXPECT_EQ(worlds, 3 * 4 * 2 * 2 * 7 * 4);
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
    auto observed = build(desired, {GateState::Intact, Gate::Held, true, false, Job::FailedForNow});
    end_job(observed.jobs.front(), 85, an_answer(false, "LockTimeout"), observed.now);
    EXPECT_TRUE(std::holds_alternative<Wait>(assess_migration(desired, observed)));
    observed.now += std::chrono::seconds{6};
    const auto again = assess_migration(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Act>(again));
    EXPECT_EQ(std::get<StartMigration>(std::get<Act>(again).steps.back()).attempt, 2);
    observed.jobs.front().attempt = 5;
    EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(desired, observed)));
}

Verdict judge_answer(const std::string& answer) {
    const auto desired = a_desired();
    auto observed = build(desired, {GateState::Intact, Gate::Held, true, false, Job::Succeeded});
    end_job(observed.jobs.front(), 0, answer);
    return assess_migration(desired, observed);
}

TEST(Migration, HashesOfLeavesAreLookedForInTheDatabase) {
    // As binascii.crc32 of "orders.0002_x", and of "orders.0003_y" behind it.
    EXPECT_TRUE(std::holds_alternative<Act>(judge_answer(R"({"ok":true,"leaves_crc32":"4b2f8d0c"})")
    ));
    const auto verdict = judge_answer(R"({"ok":true,"leaves_crc32":"4b2f8d0c3dead7ad"})");
    ASSERT_TRUE(std::holds_alternative<Blocked>(verdict));
    EXPECT_NE(
        std::get<Blocked>(verdict).finding.message.find("lacks 1 of 2 leaf migrations"),
        std::string::npos
    );
}

TEST(Migration, AnAnswerThatNamesNothingIsNotBelieved) {
    EXPECT_TRUE(std::holds_alternative<Blocked>(judge_answer(an_answer(true, ""))));
}

TEST(Migration, AKilledRunIsTriedAgain) {
    const auto desired = a_desired();
    auto observed =
        build(desired, {GateState::Intact, Gate::Held, true, false, Job::FailedForGood});
    end_job(observed.jobs.front(), 137, "", observed.now - std::chrono::seconds{6});
    EXPECT_TRUE(std::holds_alternative<Act>(assess_migration(desired, observed)));
}

TEST(Migration, AChangedTemplateIsANewAttempt) {
    const auto desired = a_desired();
    auto observed =
        build(desired, {GateState::Intact, Gate::Held, true, false, Job::FailedForGood});
    EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(desired, observed)));
    auto changed = json::parse(observed.release.workloads.front().pod_template.text());
    changed["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "now";
    observed.release.workloads.front().pod_template = PodTemplate(changed);
    EXPECT_TRUE(std::holds_alternative<Act>(assess_migration(desired, observed)));
}

Observed with_a_container_beside_it(const Desired& desired, bool passed, Job job) {
    auto observed = build(desired, {GateState::Intact, Gate::Held, true, passed, job});
    let_others_run(observed.jobs.front());
    return observed;
}

template <class S>
const S* only_step(const Verdict& verdict) {
    const auto* act = std::get_if<Act>(&verdict);
    return act != nullptr && act->steps.size() == 1 ? std::get_if<S>(&act->steps.front()) : nullptr;
}

TEST(AContainerBesideOurs, DoesNotKeepAnImageFromPassing) {
    const auto desired = a_desired();
    auto observed = with_a_container_beside_it(desired, false, Job::Succeeded);
    EXPECT_NE(only_step<RecordPassed>(assess_migration(desired, observed)), nullptr);

    let_pass(desired, observed, "shop:v2");
    const auto recorded = assess_migration(desired, observed);
    ASSERT_NE(only_step<RemoveJob>(recorded), nullptr) << "it must not fail at its deadline";
    EXPECT_EQ(only_step<RemoveJob>(recorded)->uid, observed.jobs.front().uid);
    EXPECT_TRUE(std::get<Act>(recorded).after == AfterSteps::Continue)
        << "the release does not wait for that";

    observed.jobs.front().being_deleted = true;
    EXPECT_TRUE(std::holds_alternative<Satisfied>(assess_migration(desired, observed)));
}

// Between the container's end and the Job's lie a second or two.
TEST(Migration, AJobWhoseEndIsNoticedLaterIsReadAndKept) {
    const auto desired = a_desired();
    const auto ended = [&](bool passed, Job job) {
        auto observed = with_a_container_beside_it(desired, passed, job);
        observed.jobs.front().pods.front().others_run = false;
        return assess_migration(desired, observed);
    };
    EXPECT_NE(only_step<RecordPassed>(ended(false, Job::Succeeded)), nullptr);
    EXPECT_TRUE(std::holds_alternative<Satisfied>(ended(true, Job::Succeeded)));
    EXPECT_TRUE(std::holds_alternative<Blocked>(ended(false, Job::FailedForGood)));
}

TEST(AContainerBesideOurs, DoesNotMakeTheLastWordOfAFailureGetLost) {
    const auto desired = a_desired();
    for (const auto job : {Job::FailedForGood, Job::SucceededButLies}) {
        auto observed = with_a_container_beside_it(desired, false, job);
        const auto first = assess_migration(desired, observed);
        ASSERT_NE(only_step<LiftJobDeadline>(first), nullptr);
        EXPECT_EQ(only_step<LiftJobDeadline>(first)->uid, observed.jobs.front().uid);
        observed.jobs.front().has_deadline = false;
        EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(desired, observed)));
        observed.jobs.front().has_deadline = true;
        observed.jobs.front().being_deleted = true;
        EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(desired, observed)))
            << "a user tries again";
    }
}

TEST(AContainerBesideOurs, IsGoneWithItsJobOnceAnotherFollows) {
    const auto desired = a_desired();
    auto observed = with_a_container_beside_it(desired, false, Job::FailedForNow);
    observed.jobs.front().pods.front().end->finished = observed.now;
    EXPECT_NE(only_step<LiftJobDeadline>(assess_migration(desired, observed)), nullptr)
        << "while the next attempt is waited for";
    observed.jobs.front().has_deadline = false;
    EXPECT_TRUE(std::holds_alternative<Wait>(assess_migration(desired, observed)));
    observed.now += std::chrono::seconds{6};
    const auto again = assess_migration(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Act>(again));
    EXPECT_EQ(std::get<StartMigration>(std::get<Act>(again).steps.back()).attempt, 2);

    auto next = observed.jobs.front();
    next.name = "shop-migrate-2";
    next.uid = ResourceUid("v");
    next.attempt = 2;
    next.pods.front().end.reset();
    observed.jobs.push_back(next);
    const auto tidying = assess_migration(desired, observed);
    ASSERT_NE(only_step<RemoveJob>(tidying), nullptr);
    EXPECT_EQ(only_step<RemoveJob>(tidying)->job, "shop-migrate-1");

    observed.jobs = {observed.jobs.front()};
    observed.jobs.front().revision = Revision("earlier");
    EXPECT_NE(only_step<RemoveJob>(assess_migration(desired, observed)), nullptr)
        << "an earlier template's, which nothing waits for";
    observed.jobs.front().being_deleted = true;
    const auto started = assess_migration(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Act>(started));
    EXPECT_EQ(std::get<StartMigration>(std::get<Act>(started).steps.back()).attempt, 1);
}

}  // namespace
}  // namespace djdb
