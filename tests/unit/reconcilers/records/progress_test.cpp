// How a record says that a release goes: each outcome, each step, and what stays when its Job is gone.
#include "reconcilers/records/progress.hpp"

#include "reconcilers/records/released.hpp"
#include "reconcilers/stages/release/fresh_backup.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace djdb {
namespace {

using namespace std::chrono_literals;

/// Web and worker ask for shop:v3 and are held; its record has been made.
struct World {
    Desired desired = a_desired();
    Observed observed = a_settled_world();
    DjangoRelease record;
    std::vector<DjangoRelease> others;
    StepSources sources;

    World() {
        observed.release.workloads = {
            a_workload("web", "shop:v3"), a_workload("worker", "shop:v3")};
        for (auto& workload : observed.release.workloads) {
            workload.meta.uid = ResourceUid("uid of " + workload.meta.key.name.str());
            workload.hold = Hold::Paused;
            workload.is_marked = true;
        }
        record.meta.key = {Namespace("apps"), ObjectName("shop-7")};
        record.meta.generation = 1;
        record.spec = released_now(desired, observed).value_or(DjangoReleaseSpec{});
    }
    Workload& web() { return observed.release.workloads.front(); }
    JobRun& add(JobRun job) {
        job.created = observed.now - 30s;
        return observed.jobs.emplace_back(std::move(job));
    }
    JobRun& add_probe() { return add(a_passed_probe(desired, observed, web())); }
    JobRun& add_migration() {
        auto job = a_job_run();
        job.proves = proof_name(desired, observed, web());
        job.revision = revision_of(desired, observed, web());
        return add(std::move(job));
    }
    void open() {
        let_pass(desired, observed, "shop:v3");
        for (auto& workload : observed.release.workloads) {
            workload.hold.reset();
            workload.is_marked = false;
            workload.pods = PodsState::Progressing;
        }
    }
    void roll_out() {
        for (auto& workload : observed.release.workloads) {
            workload.pods = PodsState::Complete;
        }
    }
    /// As the next run finds it.
    DjangoReleaseStatus go_on() {
        const auto assessment = assess(desired, observed);
        record.status = derive_progress(
            record,
            others,
            desired,
            observed,
            assessment,
            find_stops(desired, assessment, {}),
            sources
        );
        return record.status;
    }
    [[nodiscard]] std::vector<const JobRun*> to_read() const {
        return jobs_to_read(record, others, desired, observed);
    }
    [[nodiscard]] const ReleaseStep* step(const std::string& name) const {
        const auto found = std::ranges::find(record.status.steps, name, &ReleaseStep::name);
        return found == record.status.steps.end() ? nullptr : &*found;
    }
    [[nodiscard]] const Condition* ready() const {
        const auto& all = record.status.conditions;
        const auto found = std::ranges::find(all, ConditionType::Ready, &Condition::type);
        return found == all.end() ? nullptr : &*found;
    }
};

TEST(Progress, FromTheProbeToTheRollout) {
    World world;
    world.add_probe();
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::InProgress);
    ASSERT_NE(world.step("job/shop-probe-web"), nullptr);
    EXPECT_EQ(world.step("job/shop-probe-web")->state, ReleaseStepState::Succeeded);
    EXPECT_EQ(world.step("job/shop-probe-web")->kind, ReleaseStepKind::Preflight);
    ASSERT_NE(world.step("deployment/web"), nullptr) << "it is held and will roll";
    EXPECT_EQ(world.step("deployment/web")->start_time, std::nullopt);
    EXPECT_EQ(world.step("deployment/web")->state, ReleaseStepState::Pending);

    world.add_migration();
    world.go_on();
    ASSERT_NE(world.step("job/shop-migrate-1"), nullptr);
    EXPECT_EQ(world.step("job/shop-migrate-1")->state, ReleaseStepState::InProgress);
    EXPECT_EQ(world.step("job/shop-migrate-1")->end_time, std::nullopt);
    auto answer = nlohmann::json::parse(an_answer(true, "", {"orders.0003_x"}));
    answer["applied"] = {"orders.0003_x"};
    end_job(world.observed.jobs.back(), 0, answer.dump(), world.observed.now);
    const auto to_read = world.to_read();
    EXPECT_EQ(to_read.size(), 1U) << "what the probe said stands there already";
    world.sources.logs = {{"shop-migrate-1", {answer.dump(), "applied\n"}}};
    EXPECT_EQ(world.go_on().applied, std::vector<std::string>{"orders.0003_x"});
    EXPECT_EQ(world.step("job/shop-migrate-1")->log, "applied\n");
    EXPECT_EQ(world.step("job/shop-migrate-1")->answer, answer.dump());
    EXPECT_EQ(world.step("job/shop-migrate-1")->end_time, world.observed.now);

    world.open();
    world.observed.now += 10s;
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::InProgress);
    const auto opened = world.observed.now;
    EXPECT_EQ(world.step("deployment/web")->start_time, opened);
    EXPECT_EQ(world.step("deployment/web")->state, ReleaseStepState::InProgress);

    world.observed.jobs.clear();  // they expire
    world.roll_out();
    world.observed.now += 20s;
    world.sources.rolled = {
        {ResourceUid("uid of worker"), "worker-1", 1, world.web().pod_template},
        {ResourceUid("uid of web"), "web-1", 0, a_workload("web", "shop:v2").pod_template},
        {ResourceUid("uid of web"), "web-2", 1, world.web().pod_template}};
    EXPECT_TRUE(has_rollouts_to_name(world.record, world.desired, world.observed));
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::Succeeded);
    EXPECT_EQ(world.record.status.completion_time, world.observed.now);
    EXPECT_EQ(world.step("deployment/web")->start_time, opened);
    EXPECT_EQ(world.step("deployment/web")->end_time, world.observed.now);
    EXPECT_EQ(world.step("deployment/web")->replica_set, "web-2");
    EXPECT_EQ(world.ready()->status, ConditionStatus::True);
    EXPECT_EQ(world.record.status.steps.size(), 4U) << "what its Jobs did is still told";
    EXPECT_EQ(world.step("job/shop-migrate-1")->state, ReleaseStepState::Succeeded);
}

TEST(Progress, NamesTheBackupThatAWayBackBeginsWith) {
    World world;
    world.desired.object.spec.backup.when = BackupWhen::BeforeMigrate;
    world.desired.object.spec.backup.claim_name = "shop-backups";
    world.observed.server.version = "15.18";
    world.add_probe();
    auto job = a_job_run();
    job.kind = JobKind::Backup;
    job.name = "shop-backup-1";
    job.proves = backup_name(world.desired, world.observed);
    job.revision = Revision(job.proves);
    const auto begun = world.add(job).created;
    world.go_on();
    ASSERT_NE(world.step("job/shop-backup-1"), nullptr);
    EXPECT_EQ(world.step("job/shop-backup-1")->kind, ReleaseStepKind::Backup);
    EXPECT_EQ(world.record.status.backup, ReleaseBackup{}) << "it runs";
    const nlohmann::json answer{
        {"ok", true}, {"file", "shop_1.dump"}, {"bytes", 4096}, {"sha256", std::string(64, 'a')}};
    end_job(world.observed.jobs.back(), 0, answer.dump(), world.observed.now);
    const ReleaseBackup kept{"shop_1.dump", "shop-backups", 4096, std::string(64, 'a'), begun};
    EXPECT_EQ(world.go_on().backup, kept);
    end_job(world.add_migration(), 85, an_answer(false, "LockTimeout"), world.observed.now);
    world.go_on();
    job.name = "shop-backup-2";
    job.attempt = 2;
    auto& later = world.add(job);
    later.created = world.observed.now;
    auto half_done = answer;
    half_done["file"] = "shop_2.dump";
    end_job(later, 0, half_done.dump(), world.observed.now + 5s);
    EXPECT_EQ(world.go_on().backup, kept) << "a later one has what the attempt left half done";
    world.open();
    world.roll_out();
    world.observed.jobs.clear();
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::Succeeded);
    EXPECT_EQ(world.record.status.backup, kept) << "whatever becomes of its Job";
}

TEST(Progress, WhatIsOverStays) {
    for (const auto outcome : {ReleaseOutcome::Succeeded, ReleaseOutcome::Superseded}) {
        World world;
        world.record.status.outcome = outcome;
        world.add_probe();
        const auto before = world.record.status;
        auto after = world.go_on();
        after.observed_generation = before.observed_generation;
        EXPECT_EQ(after, before);
        EXPECT_TRUE(world.to_read().empty());
    }
}

TEST(Progress, WhatAPersonHasToSettleStallsIt) {
    World world;
    end_job(world.add_probe(), 72, an_answer(false, "EngineNotPostgres"), world.observed.now);
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::Stalled);
    EXPECT_EQ(world.ready()->status, ConditionStatus::False);
    EXPECT_EQ(world.ready()->reason, Reason::EngineNotPostgres);
    const auto* step = world.step("job/shop-probe-web");
    ASSERT_NE(step, nullptr);
    EXPECT_EQ(step->state, ReleaseStepState::Failed);
    EXPECT_EQ(step->reason, "EngineNotPostgres");
    EXPECT_FALSE(step->message.empty());
}

TEST(Progress, JobsOfOtherReleasesAreNotItsSteps) {
    World world;
    const auto probe = world.add_probe();
    auto& migration = world.add_migration();
    migration.proves = "another environment";
    auto& earlier = world.others.emplace_back(world.record);
    earlier.meta.key.name = ObjectName("shop-6");
    earlier.status.steps = {{"job/" + probe.name, ReleaseStepKind::Preflight}};
    earlier.status.steps.front().start_time = probe.created;
    world.go_on();
    EXPECT_EQ(world.step("job/shop-probe-web"), nullptr) << "of an earlier release of the same";
    EXPECT_EQ(world.step("job/shop-migrate-1"), nullptr);
    earlier.status.steps.front().start_time = probe.created - 1s;
    world.go_on();
    EXPECT_NE(world.step("job/shop-probe-web"), nullptr) << "another Job of that name";
}

TEST(Progress, AJobThatIsMadeAgainBeginsItsStepAnew) {
    World world;
    end_job(world.add_migration(), 88, an_answer(false, "MigrationFailed"), world.observed.now);
    world.sources.logs = {{"shop-migrate-1", {"{\"ok\":false}", "it failed\n"}}};
    world.go_on();
    EXPECT_EQ(world.step("job/shop-migrate-1")->state, ReleaseStepState::Failed);
    world.observed.jobs.clear();
    world.sources.logs.clear();
    auto& again = world.add_migration();
    again.created = world.observed.now;
    world.go_on();
    const auto* step = world.step("job/shop-migrate-1");
    EXPECT_EQ(step->state, ReleaseStepState::InProgress);
    EXPECT_EQ(step->start_time, again.created);
    EXPECT_EQ(step->end_time, std::nullopt);
    EXPECT_EQ(step->answer + step->log + step->reason, "");
    end_job(world.observed.jobs.back(), 0, an_answer(true, ""), world.observed.now + 5s);
    EXPECT_EQ(world.to_read().size(), 1U) << "its log is read too";
}

TEST(Progress, WhatAnEndSaidStaysWhateverBecomesOfThePod) {
    World world;
    auto& probe = world.add_probe();
    world.sources.logs = {{probe.name, {"{}", "it went well\n"}}};
    const auto before = world.go_on();
    world.sources.logs.clear();
    world.observed.jobs.back().pods.clear();  // drained; its Job is AnswerLost now
    EXPECT_EQ(world.go_on().steps, before.steps);
    EXPECT_TRUE(world.to_read().empty());
}

TEST(Progress, AJobThatIsGoneEndsItsStep) {
    World world;
    world.add_migration();
    world.go_on();
    EXPECT_TRUE(has_open_jobs(world.record.status));
    const auto before = world.record;
    world.observed.jobs.clear();
    world.go_on();
    EXPECT_EQ(world.step("job/shop-migrate-1")->reason, "JobRemoved");
    EXPECT_FALSE(has_open_jobs(world.record.status));
    world.record = before;
    world.observed.tenant.reset();  // the server can't be reached, so Jobs were not looked at
    world.observed.server_failure = Failure{};
    world.go_on();
    EXPECT_TRUE(has_open_jobs(world.record.status));
}

TEST(Progress, AMigrationGoesOnBeingToldWhenItsReleaseWasSuperseded) {
    World world;
    world.add_migration();
    world.go_on();
    world.record.status = superseded(world.record, "shop-8", world.observed.now);
    world.add_probe();
    end_job(world.observed.jobs.front(), 0, an_answer(true, ""), world.observed.now);
    ASSERT_EQ(world.to_read().size(), 1U) << "the next release's probe is not of this one";
    world.sources.logs = {{"shop-migrate-1", {R"({"applied":["orders.0003_x"]})", "applied\n"}}};
    const auto status = world.go_on();
    EXPECT_EQ(status.outcome, ReleaseOutcome::Superseded);
    EXPECT_EQ(world.step("job/shop-migrate-1")->state, ReleaseStepState::Succeeded);
    EXPECT_EQ(status.applied, std::vector<std::string>{"orders.0003_x"});
    EXPECT_EQ(world.step("job/shop-probe-web"), nullptr);
}

TEST(Progress, WhatTheGateHoldsIsTold) {
    World world;
    world.go_on();
    world.web().held_by = "kubectl";
    world.go_on();
    EXPECT_EQ(world.record.status.outcome, ReleaseOutcome::InProgress);
    EXPECT_EQ(world.ready()->reason, Reason::PausedByUser);
    world.observed.release.gate = GateState::Missing;
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::Stalled);
}

TEST(Progress, WhatHasLongRolledOutIsNoStep) {
    World world;
    world.open();
    world.roll_out();
    EXPECT_EQ(world.go_on().outcome, ReleaseOutcome::Succeeded);
    EXPECT_TRUE(world.record.status.steps.empty());
}

TEST(Progress, ALogIsReadOnce) {
    World world;
    world.add_probe();
    world.sources.logs = {{"shop-probe-web", {"", "The Job has written nothing."}}};
    world.go_on();
    EXPECT_TRUE(world.to_read().empty());
    world.sources.logs.clear();
    world.go_on();
    EXPECT_EQ(world.step("job/shop-probe-web")->log, "The Job has written nothing.");
}

TEST(Progress, RoomIsLimited) {
    World world;
    for (int i = 0; i < 100; ++i) {
        auto& job = world.add_migration();
        job.name = "attempt-" + std::to_string(i);
        job.created = world.observed.now - 30s + std::chrono::seconds{i};
        end_job(job, 75, an_answer(false, "Unreachable"), world.observed.now);
        world.sources.logs[job.name] = {"{}", std::string(4000, 'x')};
    }
    const auto status = world.go_on();
    EXPECT_LE(status.steps.size(), 64U);
    EXPECT_NE(world.step("job/attempt-99"), nullptr);
    EXPECT_EQ(std::ranges::count(status.steps, "{}", &ReleaseStep::answer), 128 * 1024 / 4002);
    EXPECT_EQ(world.step("job/attempt-99")->answer, "{}");
    EXPECT_EQ(world.step("job/attempt-40")->answer, "") << "of the older ones";
}

TEST(Progress, ASupersededOneNamesItsSuccessor) {
    const World world;
    const auto status = superseded(world.record, "shop-8", world.observed.now);
    EXPECT_EQ(status.outcome, ReleaseOutcome::Superseded);
    EXPECT_EQ(status.completion_time, world.observed.now);
    EXPECT_NE(status.conditions.front().message.find("shop-8"), std::string::npos);
}

}  // namespace
}  // namespace djdb
