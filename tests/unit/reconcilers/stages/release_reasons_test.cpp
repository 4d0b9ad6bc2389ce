// Reasons of a release, and what becomes of Jobs.
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/status/requeue.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"
#include "tests/unit/reconcilers/reason_shown.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

JobRun a_job_of(const Desired& desired, const Observed& observed) {
    auto job = a_job_run();
    job.revision = revision_of(desired, observed, *migration_source(desired, observed));
    job.created = observed.now;
    return job;
}

void fail_with(
    const Desired& desired, Observed& observed, int exit_code, const char* reason, int attempt = 1
) {
    auto job = a_job_of(desired, observed);
    end_job(job, exit_code, an_answer(false, reason), observed.now);
    job.attempt = attempt;
    observed.jobs = {job};
}

/// The runtime says why, the program nothing.
void kill_with(
    const Desired& desired, Observed& observed, int exit_code, const char* reason, int attempt = 1
) {
    fail_with(desired, observed, exit_code, "", attempt);
    observed.jobs.front().pods.front().end->reason = reason;
    observed.jobs.front().pods.front().end->answer_text.clear();
}

void hold(Observed& observed) {
    for (auto& workload : observed.release.workloads) {
        workload.hold = Hold::Paused;
    }
}

void hold_unproven(Observed& observed) {
    observed.tenant->passed_templates.clear();
    hold(observed);
}

using enum ConditionType;
constexpr auto kTrue = ConditionStatus::True;
constexpr auto kFalse = ConditionStatus::False;

const std::vector<ReasonShown>& release_rows() {
    static const std::vector<ReasonShown> kRows{
        {"everything holds", [](auto&, auto&) {}, Ready, kTrue, Reason::Ready},
        {"the policy is gone",
         [](auto&, auto& o) { o.release.gate = GateState::Missing; },
         Gated,
         kFalse,
         Reason::GateMissing},
        {"the policy was altered",
         [](auto&, auto& o) { o.release.gate = GateState::Altered; },
         Gated,
         kFalse,
         Reason::GateMissing},
        {"the app container is not in the template",
         [](auto& d, auto&) { d.object.spec.app.container = "nope"; },
         Gated,
         kFalse,
         Reason::AppContainerMissing},
        {"a user's pause is respected",
         [](auto&, auto& o) {
             o.tenant->passed_templates.clear();
             o.release.workloads[0].hold = Hold::Paused;
             o.release.workloads[0].held_by = "kubectl";
         },
         Gated,
         kFalse,
         Reason::PausedByUser},
        {"two images are not one release",
         [](auto&, auto& o) { o.release.workloads[1] = a_workload("worker", "shop:v3"); },
         Gated,
         kFalse,
         Reason::ImagesDiverge},
        {"what rolls without the gate is noticed",
         [](auto&, auto& o) { o.tenant->passed_templates.clear(); },
         Gated,
         kFalse,
         Reason::UngatedRollout},
        {"and tried out all the same",
         [](auto&, auto& o) { o.tenant->passed_templates.clear(); },
         PreflightPassed,
         kFalse,
         Reason::PreflightRunning},
        {"and migrated",
         [](auto& d, auto& o) {
             d.object.spec.preflight.when = PreflightWhen::Never;
             o.tenant->passed_templates.clear();
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationRunning},
        {"a kill is tried again",
         [](auto& d, auto& o) {
             hold_unproven(o);
             kill_with(d, o, 137, "OOMKilled");
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationRetrying},
        {"but not for ever, since a want of memory comes again",
         [](auto& d, auto& o) {
             hold_unproven(o);
             kill_with(d, o, 137, "OOMKilled", 5);
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationFailed},
        {"a Job without a word of its own",
         [](auto& d, auto& o) {
             hold_unproven(o);
             kill_with(d, o, 1, "Error");
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationFailed},
        {"a Job's own reason is shown",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 73, "DjangoMissing");
         },
         MigrationsApplied,
         kFalse,
         Reason::DjangoMissing},
        {"a failed migration needs a person",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 88, "MigrationFailed");
         },
         Stalled,
         kTrue,
         Reason::MigrationFailed},
        {"an unreachable server is tried again",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 75, "Unreachable", 10);
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationRetrying},
        {"and needs a person when it stays so",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 75, "Unreachable", 11);
         },
         Stalled,
         kTrue,
         Reason::Unreachable},
        {"an interrupted attempt is tried again",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 86, "Interrupted");
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationRetrying},
        {"a held lock is tried again",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 85, "LockTimeout", 4);
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationRetrying},
        {"but not for ever, since each try makes the app wait",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 85, "LockTimeout", 5);
         },
         MigrationsApplied,
         kFalse,
         Reason::LockTimeout},
        {"a deadlock, again and again, by its name",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 85, "Deadlock", 5);
         },
         MigrationsApplied,
         kFalse,
         Reason::Deadlock},
        {"a cancelled statement by its name",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 88, "StatementTimeout");
         },
         MigrationsApplied,
         kFalse,
         Reason::StatementTimeout},
        {"our own bug by its name",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 90, "Internal");
         },
         MigrationsApplied,
         kFalse,
         Reason::Internal},
        {"a word of the tenant's program that belongs elsewhere is not shown",
         [](auto& d, auto& o) {
             hold_unproven(o);
             fail_with(d, o, 88, "Succeeded");
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationFailed},
        {"success that the database does not show",
         [](auto& d, auto& o) {
             hold_unproven(o);
             auto job = a_job_of(d, o);
             end_job(job, 0, an_answer(true, "", {"a.1"}));
             o.jobs = {job};
             o.release.applied = AppliedMigrations{true, {}};
         },
         MigrationsApplied,
         kFalse,
         Reason::UnappliedRemain},
        {"a Pod that can't start",
         [](auto& d, auto& o) {
             hold_unproven(o);
             auto job = a_job_of(d, o);
             job.pods.front().waiting = Explanation{"ImagePullBackOff", ""};
             o.jobs = {job};
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationJobStuck},
        {"a Pod that was never made",
         [](auto& d, auto& o) {
             hold_unproven(o);
             auto job = a_job_of(d, o);
             job.pods.clear();
             job.created = o.now - std::chrono::seconds{10};
             o.jobs = {job};
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationJobStuck},
        {"a volume that can't be mounted",
         [](auto& d, auto& o) {
             hold_unproven(o);
             auto job = a_job_of(d, o);
             job.pods.front().has_started = false;
             job.pods.front().waiting = Explanation{"ContainerCreating", ""};
             job.obstacle = Explanation{"FailedMount", "secret \"web-tls\" not found"};
             o.jobs = {job};
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationJobStuck},
        {"a Pod that may yet be made",
         [](auto& d, auto& o) {
             hold_unproven(o);
             auto job = a_job_of(d, o);
             job.pods.clear();
             o.jobs = {job};
         },
         MigrationsApplied,
         kFalse,
         Reason::MigrationRunning},
        {"new Pods are starting",
         [](auto&, auto& o) { o.release.workloads[0].pods = PodsState::Progressing; },
         RolledOut,
         kFalse,
         Reason::RollingOut},
        {"new Pods do not come up",
         [](auto&, auto& o) {
             o.release.workloads[0].pods = PodsState::Progressing;
             o.release.workloads[0].progress_deadline_exceeded = true;
         },
         RolledOut,
         kFalse,
         Reason::RolloutTimedOut},
    };
    return kRows;
}

TEST(Reasons, OfARelease) {
    check(release_rows());
}

TEST(Migration, AnEarlierJobThatNeverStartedMakesWay) {
    auto desired = a_desired();
    desired.object.spec.preflight.when = PreflightWhen::Never;
    auto observed = a_settled_world();
    hold_unproven(observed);
    auto job = a_job_of(desired, observed);
    job.revision = Revision("earlier");
    job.pods.front().waiting = Explanation{"ImagePullBackOff", ""};
    observed.jobs = {job};
    const auto cancelling = assess(desired, observed);
    ASSERT_EQ(cancelling.steps().size(), 1U);
    EXPECT_EQ(std::get<CancelMigration>(cancelling.steps().front()).uid, job.uid);

    observed.jobs.front().being_deleted = true;
    EXPECT_TRUE(assess(desired, observed).steps().empty()) << "until its Pod is gone";

    // Back to an image that passed: the other's Job must not migrate later, when its image can be pulled.
    auto back = a_settled_world();
    back.jobs = {job};
    const auto tidying = assess(desired, back);
    ASSERT_EQ(tidying.steps().size(), 1U);
    EXPECT_EQ(std::get<CancelMigration>(tidying.steps().front()).uid, job.uid);
    auto without_volume = job;
    without_volume.pods.front().waiting = Explanation{"ContainerCreating", ""};
    without_volume.pods.front().has_started = false;
    without_volume.obstacle = Explanation{"FailedMount", "secret \"web-tls\" not found"};
    observed.jobs.front() = without_volume;
    EXPECT_TRUE(std::holds_alternative<CancelMigration>(assess(desired, observed).steps().front()));
    observed.jobs.front().obstacle.reset();
    EXPECT_TRUE(assess(desired, observed).steps().empty()) << "it may start at any moment";
    observed.jobs.front() = job;
    observed.jobs.front().pods.front().waiting.reset();
    EXPECT_TRUE(assess(desired, observed).steps().empty()) << "a started one ends first";
    observed.jobs.clear();
    EXPECT_TRUE(std::holds_alternative<StartMigration>(assess(desired, observed).steps().back()));
}

TEST(Migration, WhatIsTriedAgainLeavesOneFinishedJob) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    hold_unproven(observed);
    auto job = a_job_of(desired, observed);
    for (const int attempt : {1, 2, 12}) {
        job.attempt = attempt;
        job.name = "attempt-" + std::to_string(attempt);
        end_job(job, 75, an_answer(false, "Unreachable"));
        observed.jobs.push_back(job);
    }
    observed.now += std::chrono::hours{2};
    const auto steps = assess(desired, observed).steps();
    std::vector<std::string> removed;
    for (const auto& step : steps) {
        if (const auto* removal = std::get_if<RemoveJob>(&step)) {
            removed.push_back(removal->job);
        }
    }
    EXPECT_EQ(removed, (std::vector<std::string>{"attempt-1", "attempt-2"}));
    ASSERT_TRUE(std::holds_alternative<StartMigration>(steps.back()));
    EXPECT_EQ(std::get<StartMigration>(steps.back()).attempt, 13) << "also after half an hour";
}

TEST(Rollout, FinishedJobsExpireOnlyWhenAllHasRolled) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    auto job = a_job_of(desired, observed);
    end_job(job, 88, an_answer(false, "MigrationFailed"));
    observed.jobs = {job};
    const auto steps = assess(desired, observed).steps();
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(std::get<ExpireJobs>(steps.front()).jobs, std::vector<std::string>{job.name});
    observed.jobs.front().state = JobState::Running;
    EXPECT_EQ(assess(desired, observed).steps().size(), 1U)
        << "not later, when the Job controller has noticed: all was said to be ready by then";
    observed.jobs.front().expires = true;
    EXPECT_TRUE(assess(desired, observed).steps().empty()) << "a settled resource does nothing";
    observed.jobs.front().expires = false;
    observed.release.workloads.front().pods = PodsState::Progressing;
    EXPECT_TRUE(assess(desired, observed).steps().empty());
}

TEST(Status, AWriteThatWasOvertakenIsNobodysBusiness) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    hold(observed);
    const auto assessment = assess(desired, observed);
    ASSERT_FALSE(assessment.steps().empty());
    const Outcomes outcomes{
        {.step = id_of(assessment.steps().front()),
         .lane = LaneId::Release,
         .stage = ConditionType::Gated,
         .failure =
             Failure{FailureClass::Conflict, FailureOrigin::Kubernetes, "409 Conflict", "m"}}};
    const auto status = derive_status(desired, observed, assessment, outcomes);
    EXPECT_EQ(status, derive_status(desired, observed, assessment, {}));
    EXPECT_TRUE(
        std::holds_alternative<RetryAfter>(next_run(desired, observed, assessment, outcomes, 1))
    );
}

}  // namespace
}  // namespace djdb
