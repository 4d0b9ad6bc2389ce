// The pre-flight: every combination of two environments that are to be proven, and what becomes of probes.
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"
#include "tests/unit/reconcilers/reason_shown.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace djdb {
namespace {

using nlohmann::json;

Workload with_environment(Workload workload, const std::string& value) {
    auto changed = json::parse(workload.pod_template.text());
    changed["spec"]["containers"][0]["env"] = {{{"name", "MODE"}, {"value", value}}};
    workload.pod_template = PodTemplate(changed);
    return workload;
}

/// Web and worker are held and have environments of their own.
struct World {
    Desired desired = a_desired();
    Observed observed = a_provisioned_world();

    World() {
        observed.release.workloads = {
            a_workload("web", "shop:v2"), with_environment(a_workload("worker", "shop:v2"), "x")};
        for (auto& workload : observed.release.workloads) {
            workload.hold = Hold::Paused;
            workload.is_marked = true;
        }
    }
    Workload& web() { return observed.release.workloads.front(); }
    Workload& worker() { return observed.release.workloads.back(); }
    JobRun& add_probe(const Workload& workload) {
        return observed.jobs.emplace_back(a_passed_probe(desired, observed, workload));
    }
    [[nodiscard]] Verdict verdict() const { return assess_preflight(desired, observed); }
    [[nodiscard]] std::vector<Step> steps() const {
        const auto found = verdict();
        const auto all = steps_of(found);
        return {all.begin(), all.end()};
    }
    [[nodiscard]] Finding finding() const {
        return std::visit([](const auto& found) { return found.finding; }, verdict());
    }
};

enum class Probe { Absent, OfAnEarlierRelease, Running, Stuck, Passed, FailedForNow, Failed };
constexpr std::array kAllProbes{
    Probe::Absent,
    Probe::OfAnEarlierRelease,
    Probe::Running,
    Probe::Stuck,
    Probe::Passed,
    Probe::FailedForNow,
    Probe::Failed};

void add(World& world, const Workload& workload, Probe state) {
    if (state == Probe::Absent) {
        return;
    }
    auto& probe = world.add_probe(workload);
    auto& pod = probe.pods.front();
    if (state == Probe::OfAnEarlierRelease) {
        probe.expires = true;
    } else if (state == Probe::Running || state == Probe::Stuck) {
        probe.state = JobState::Running;
        pod.is_over = false;
        pod.end.reset();
        if (state == Probe::Stuck) {
            pod.waiting = Explanation{"ImagePullBackOff", "no such image"};
        }
    } else if (state == Probe::FailedForNow) {
        end_job(probe, 75, an_answer(false, "Unreachable"), world.observed.now);
    } else if (state == Probe::Failed) {
        end_job(probe, 72, an_answer(false, "EngineNotPostgres"));
    }
}

bool starts(Probe state) {
    return state == Probe::Absent || state == Probe::OfAnEarlierRelease;
}

TEST(Preflight, OfTwoEnvironmentsInEveryCombination) {
    for (const auto web : kAllProbes) {
        for (const auto worker : kAllProbes) {
            World world;
            add(world, world.web(), web);
            add(world, world.worker(), worker);
            const auto verdict = world.verdict();
            const auto is_one = [&](Probe state) { return web == state || worker == state; };
            const auto to_start =
                static_cast<std::size_t>(starts(web)) + static_cast<std::size_t>(starts(worker));
            EXPECT_EQ(steps_of(verdict).size(), to_start) << "side by side";
            EXPECT_EQ(std::holds_alternative<Act>(verdict), to_start > 0);
            if (to_start > 0) {
                continue;
            }
            EXPECT_EQ(std::holds_alternative<Blocked>(verdict), is_one(Probe::Failed));
            EXPECT_EQ(
                std::holds_alternative<Satisfied>(verdict),
                web == Probe::Passed && worker == Probe::Passed
            );
        }
    }
}

TEST(Preflight, OneProbeSpeaksForAllWithTheSameEnvironment) {
    World world;
    auto started = json::parse(world.web().pod_template.text());
    started["spec"]["containers"][0]["command"] = {"celery", "worker"};
    world.worker().pod_template = PodTemplate(started);
    const auto steps = world.steps();
    ASSERT_EQ(steps.size(), 1U);
    const auto& start = std::get<StartProbe>(steps.front());
    EXPECT_EQ(start.source.meta.key.name.str(), "web");
    EXPECT_EQ(start.attempt, 1);
    EXPECT_EQ(start.proves, probe_name(world.desired, world.observed, world.worker()));
    world.add_probe(world.web());
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
}

TEST(Preflight, AnEarlierReleasesProbeIsFollowedByTheNextAttempt) {
    World world;
    add(world, world.web(), Probe::OfAnEarlierRelease);
    add(world, world.worker(), Probe::Passed);
    world.observed.jobs.front().attempt = 3;
    EXPECT_EQ(std::get<StartProbe>(world.steps().front()).attempt, 4);
}

TEST(Preflight, WhatMigratesAlreadyWasTriedOut) {
    World world;
    add(world, world.worker(), Probe::Passed);
    auto job = a_job_run();
    job.revision = revision_of(world.desired, world.observed, world.web());
    world.observed.jobs.push_back(job);
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()))
        << "an earlier version of the operator made it";
    end_job(world.observed.jobs.back(), 88, an_answer(false, "MigrationFailed"));
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
    world.observed.jobs.back().expires = true;
    EXPECT_TRUE(std::holds_alternative<Act>(world.verdict())) << "its release is over";
}

TEST(Preflight, OfAnUnreachableServerIsTriedAgainAndLeavesTheLastJob) {
    World world;
    add(world, world.worker(), Probe::Passed);
    add(world, world.web(), Probe::FailedForNow);
    auto second = world.observed.jobs.back();
    second.name = "second";
    second.attempt = 2;
    world.observed.jobs.push_back(second);
    EXPECT_EQ(world.finding().reason, Reason::PreflightRetrying);
    EXPECT_EQ(std::get<Wait>(world.verdict()).until, world.observed.now + std::chrono::seconds{10});
    world.observed.now += std::chrono::seconds{10};
    const auto steps = world.steps();
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(std::get<RemoveJob>(steps.front()).job, "shop-probe-web");
    EXPECT_EQ(std::get<StartProbe>(steps.back()).attempt, 3);
    world.observed.jobs.back().attempt = 12;
    EXPECT_EQ(world.finding().reason, Reason::Unreachable) << "it has been so for half an hour";
    EXPECT_TRUE(std::holds_alternative<Blocked>(world.verdict()));
}

TEST(Preflight, ALostNodeHoldsNothingUp) {
    World world;
    add(world, world.worker(), Probe::Passed);
    add(world, world.web(), Probe::Running);
    auto& pod = world.observed.jobs.back().pods.front();
    pod.grace_ends = world.observed.now;
    EXPECT_EQ(std::get<Wait>(world.verdict()).until, world.observed.now + kEndsWithin);
    world.observed.now += kEndsWithin;
    EXPECT_EQ(std::get<StartProbe>(world.steps().front()).attempt, 2)
        << "it changes nothing, should it run on";
}

TEST(Preflight, AProbeOfWhatWasReplacedGoes) {
    World world;
    add(world, world.web(), Probe::Running);
    world.web() = with_environment(world.web(), "another");
    auto steps = world.steps();
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(std::get<RemoveJob>(steps.front()).job, "shop-probe-web");
    EXPECT_EQ(std::get<Act>(world.verdict()).after, AfterSteps::Stop);
    world.observed.jobs.front().being_deleted = true;
    EXPECT_EQ(world.steps().size(), 2U) << "the next ones do not wait for its end";

    auto settled = a_settled_world();
    settled.jobs = {world.observed.jobs.front()};
    settled.jobs.front().being_deleted = false;
    const auto verdict = assess_preflight(world.desired, settled);
    ASSERT_TRUE(std::holds_alternative<Act>(verdict));
    EXPECT_EQ(std::get<Act>(verdict).after, AfterSteps::Continue) << "nothing is to be proven";
}

TEST(Preflight, ItsLastWordOutlivesAContainerBesideIt) {
    World world;
    add(world, world.worker(), Probe::Passed);
    add(world, world.web(), Probe::Failed);
    auto& probe = world.observed.jobs.back();
    let_others_run(probe);
    EXPECT_EQ(std::get<LiftJobDeadline>(world.steps().front()).job, probe.name);
    probe.has_deadline = false;
    EXPECT_EQ(world.finding().reason, Reason::EngineNotPostgres);
}

TEST(Preflight, WhatAPassedProbeSaidOutlivesAContainerBesideIt) {
    World world;
    add(world, world.worker(), Probe::Passed);
    add(world, world.web(), Probe::Passed);
    auto& probe = world.observed.jobs.back();
    let_others_run(probe);
    EXPECT_EQ(std::get<LiftJobDeadline>(world.steps().front()).job, probe.name);
    probe.has_deadline = false;
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
}

TEST(Preflight, AFinishedProbeOfWhatWasReplacedExpires) {
    World world;
    add(world, world.worker(), Probe::Passed);
    add(world, world.web(), Probe::Failed);
    world.web() = with_environment(world.web(), "another");
    const auto steps = world.steps();
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(std::get<ExpireJobs>(steps.front()).jobs, std::vector<std::string>{"shop-probe-web"});
}

TEST(Preflight, AnotherSpecTakesAnotherProbe) {
    World world;
    add(world, world.worker(), Probe::Failed);
    add(world, world.web(), Probe::Passed);
    EXPECT_TRUE(std::holds_alternative<Blocked>(world.verdict()));
    for (auto& job : world.observed.jobs) {
        job.expires = true;  // as the run before it has them
    }
    world.desired.object.spec.app.settings_module = "shop.settings.production";
    EXPECT_EQ(world.steps().size(), 2U);
}

TEST(Preflight, AMigrationThatIsUnderwayHasTheWordFirst) {
    for (const bool is_over : {true, false}) {
        for (const auto worker : {Probe::Absent, Probe::Running, Probe::Failed}) {
            World world;
            add(world, world.worker(), worker);
            auto job = a_job_run();
            job.revision = revision_of(world.desired, world.observed, world.web());
            job.proves = proof_name(world.desired, world.observed, world.web());
            if (is_over) {
                end_job(job, 0, an_answer(true, "", {"orders.0002_x"}));
                world.observed.release.applied = AppliedMigrations{true, {"orders.0002_x"}};
            }
            world.observed.jobs.push_back(job);
            const auto verdict = world.verdict();
            ASSERT_TRUE(std::holds_alternative<Satisfied>(verdict));
            EXPECT_EQ(std::get<Satisfied>(verdict).confidence, Confidence::Unknown);
            const auto steps = assess(world.desired, world.observed).steps();
            ASSERT_EQ(steps.size(), is_over ? 1U : 0U) << "and no probe beside it";
            if (is_over) {
                EXPECT_TRUE(std::holds_alternative<RecordPassed>(steps.front()));
            }
        }
    }
}

TEST(Preflight, TellsWhatItFound) {
    World world;
    const auto answer = [](const char* warning) {
        return json{
            {"v", 1},
            {"ok", true},
            {"reason", nullptr},
            {"message", "Django 5.2 reads and writes shop"},
            {"leaves", {"orders.0002_x"}},
            {"warnings", {"DEBUG is on", warning}}}
            .dump();
    };
    end_job(world.add_probe(world.web()), 0, answer("the first one"));
    end_job(world.add_probe(world.worker()), 0, answer("the second one"));
    EXPECT_EQ(
        world.finding().message,
        "Every Pod template was tried out, or ran before. Django 5.2 reads and writes shop. "
        "Warnings: DEBUG is on; the first one; the second one."
    );
}

TEST(Preflight, CanBeLeftOut) {
    World world;
    world.desired.object.spec.preflight.when = PreflightWhen::Never;
    EXPECT_EQ(world.finding().reason, Reason::PreflightOff);
    add(world, world.web(), Probe::Running);
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
}

/// A migration of the web server's template, which says that it went well.
Observed a_migrated_world(World& world) {
    auto job = a_job_run();
    job.revision = revision_of(world.desired, world.observed, world.web());
    job.proves = proof_name(world.desired, world.observed, world.web());
    end_job(job, 0, an_answer(true, "", {"orders.0002_x"}));
    world.observed.jobs.push_back(job);
    world.observed.release.applied = AppliedMigrations{true, {"orders.0002_x"}};
    return world.observed;
}

TEST(Migration, SpeaksForEachTemplateWhoseProbeNamedWhatIsThereNow) {
    for (const bool is_there : {true, false}) {
        for (const bool has_probe : {true, false}) {
            World world;
            world.add_probe(world.web());
            if (has_probe) {
                const std::string leaf = is_there ? "orders.0002_x" : "orders.0003_y";
                end_job(world.add_probe(world.worker()), 0, an_answer(true, "", {leaf}));
            }
            const auto verdict = assess_migration(world.desired, a_migrated_world(world));
            const auto& act = std::get<Act>(verdict);
            const auto& passed = std::get<RecordPassed>(act.steps.front()).templates;
            EXPECT_EQ(passed.size(), is_there && has_probe ? 2U : 1U);
            EXPECT_EQ(act.after == AfterSteps::Continue, is_there && has_probe)
                << "else the other's gate stays closed, and its Job follows";
        }
    }
}

}  // namespace
}  // namespace djdb
