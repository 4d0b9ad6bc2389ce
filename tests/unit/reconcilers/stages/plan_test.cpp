// What the migrations will do: every combination of policies, findings and approvals, and of Jobs that are there.
#include "reconcilers/stages/release/plan.hpp"

#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/stages/plan_world.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <variant>

namespace djdb {
namespace {

using namespace plan_world;

/// The truth table of plan.cpp.
PlanDecision expected(const MigrationsSpec& spec, const Found& found) {
    const auto restricts = [](PlanPolicy policy) { return policy != PlanPolicy::Allow; };
    if (!restricts(spec.destructive) && !restricts(spec.incompatible)) {
        return PlanDecision::Allowed;
    }
    if (!found.is_judged) {
        return PlanDecision::Unknown;
    }
    const auto met = [&](PlanPolicy policy) {
        return (found.is_destructive && spec.destructive == policy) ||
               (found.is_incompatible && spec.incompatible == policy);
    };
    if (met(PlanPolicy::Block)) {
        return PlanDecision::Refused;
    }
    if (!met(PlanPolicy::Approve)) {
        return PlanDecision::Allowed;
    }
    return spec.approved_plan == kDigest ? PlanDecision::Approved : PlanDecision::ApprovalRequired;
}

Reason reason_of(PlanDecision decision) {
    switch (decision) {
        case PlanDecision::Refused:
            return Reason::PlanRefused;
        case PlanDecision::ApprovalRequired:
            return Reason::ApprovalRequired;
        case PlanDecision::Unknown:
            return Reason::PlanUnknown;
        case PlanDecision::Allowed:
        case PlanDecision::Approved:
            break;
    }
    return Reason::Succeeded;
}

void expect_verdict(const World& world, PlanDecision decision) {
    const auto finding = world.finding();
    const bool goes_on = decision == PlanDecision::Allowed || decision == PlanDecision::Approved;
    EXPECT_EQ(std::holds_alternative<Satisfied>(world.verdict()), goes_on) << finding.message;
    EXPECT_EQ(std::holds_alternative<Blocked>(world.verdict()), !goes_on) << finding.message;
    EXPECT_EQ(finding.reason, reason_of(decision)) << finding.message;
}

template <class Check>
void for_each_finding(Check&& check) {
    for (const bool is_judged : {true, false}) {
        for (const bool is_destructive : {true, false}) {
            for (const bool is_incompatible : {true, false}) {
                check(Found{is_judged, is_destructive, is_incompatible});
            }
        }
    }
}

template <class Check>
void for_each_spec(Check&& check) {
    for (const auto destructive : kAllPolicies) {
        for (const auto incompatible : kAllPolicies) {
            for (const auto* approved : {"", kDigest, "0000000000000000"}) {
                MigrationsSpec spec;
                spec.destructive = destructive;
                spec.incompatible = incompatible;
                spec.approved_plan = approved;
                check(spec);
            }
        }
    }
}

TEST(Plan, IsDecidedByPolicyFindingAndApprovalInEveryCombination) {
    for_each_finding([](const Found& found) {
        for_each_spec([&](const MigrationsSpec& spec) {
            World world(found);
            world.spec() = spec;
            const auto plan = find_plan(world.desired, world.observed, world.web());
            const auto decision = expected(spec, found);
            EXPECT_EQ(decide(spec, plan), decision);
            expect_verdict(world, decision);
        });
    });
}

TEST(Plan, NoMigrationStartsBeforeItIsAllowedOrApproved) {
    for_each_finding([](const Found& found) {
        for_each_spec([&](const MigrationsSpec& spec) {
            World world(found);
            world.spec() = spec;
            const auto assessment = assess(world.desired, world.observed);
            const auto steps = assessment.steps();
            const auto start = std::ranges::find_if(steps, [](const Step& step) {
                return std::holds_alternative<StartMigration>(step);
            });
            const auto decision = expected(spec, found);
            ASSERT_EQ(
                start != steps.end(),
                decision == PlanDecision::Allowed || decision == PlanDecision::Approved
            );
            if (start != steps.end()) {
                const bool restricts =
                    spec.destructive != PlanPolicy::Allow || spec.incompatible != PlanPolicy::Allow;
                EXPECT_EQ(
                    std::get<StartMigration>(*start).approved,
                    restricts ? std::optional<std::string>(kMigrations) : std::nullopt
                ) << "the Job is told what it may apply";
            }
        });
    });
}

TEST(Plan, WasJudgedBeforeTheMigrationThatRunsBegan) {
    World world({.is_destructive = true});
    world.spec().destructive = PlanPolicy::Block;
    auto& job = world.add_migration();
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict())) << "it runs";
    end_job(job, 0, an_answer(true, "", {"orders.0003_x"}));
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict())) << "it is to be recorded";
    end_job(job, 85, an_answer(false, "LockTimeout"));
    EXPECT_EQ(world.finding().reason, Reason::PlanRefused) << "it would be tried again";
    EXPECT_NE(world.finding().message.find(" Nothing more is migrated"), std::string::npos);
    let_pass(world.desired, world.observed, "shop:v2");
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict())) << "nothing is to be proven";
}

TEST(Plan, AnApprovalOfWhatWasAppliedHalfWayStillHolds) {
    World world({.is_destructive = true});
    world.spec().destructive = PlanPolicy::Approve;
    world.spec().approved_plan = kDigest;
    end_job(world.add_migration(), 85, an_answer(false, "LockTimeout"));
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
    EXPECT_EQ(approved_migrations(world.desired, world.observed, world.web()), kMigrations);
}

/// A backup may have brought back what it had taken away.
TEST(Plan, OfTheSameMigrationsHasAnotherNameOnceSomethingHasPassed) {
    World world({.is_destructive = true});
    world.spec().destructive = PlanPolicy::Approve;
    world.spec().approved_plan = kDigest;
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
    let_pass(world.desired, world.observed, "shop:v1");
    EXPECT_EQ(world.finding().reason, Reason::ApprovalRequired);
    const auto name = find_plan(world.desired, world.observed, world.web()).name;
    EXPECT_EQ(name.size(), 16U);
    EXPECT_NE(name, kDigest);
    world.spec().approved_plan = name;
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
    let_pass(world.desired, world.observed, "shop:v0");
    EXPECT_EQ(world.finding().reason, Reason::ApprovalRequired);
}

TEST(Plan, OfEachEnvironmentIsLookedAtBeforeAnythingIsRefused) {
    World world;
    world.spec().destructive = PlanPolicy::Block;
    auto worker = a_workload("worker", "shop:v2");
    auto changed = json::parse(worker.pod_template.text());
    changed["spec"]["containers"][0]["env"] = {{{"name", "MODE"}, {"value", "worker"}}};
    worker.pod_template = PodTemplate(changed);
    worker.hold = Hold::Paused;
    world.observed.release.workloads.push_back(worker);
    auto& probe =
        world.observed.jobs.emplace_back(a_passed_probe(world.desired, world.observed, worker));
    end_job(probe, 0, answer_with({.is_destructive = true}).dump());
    EXPECT_EQ(world.finding().reason, Reason::PlanRefused);
    end_job(probe, 0, answer_with({}).dump());
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
}

TEST(Plan, IsJudgedAnewWhereTheMigrationMetAnother) {
    World world({.is_destructive = true});
    const auto preflight = [&] { return assess_preflight(world.desired, world.observed); };
    auto& job = world.add_migration();
    const auto ended = world.probe().created + std::chrono::seconds{5};
    end_job(job, 91, an_answer(false, "PlanChanged"), ended);
    EXPECT_TRUE(std::holds_alternative<StartProbe>(steps_of(preflight()).front()));
    world.probe().created = ended;
    EXPECT_TRUE(std::holds_alternative<Satisfied>(preflight()));
    const auto verdict = assess_migration(world.desired, world.observed);
    ASSERT_EQ(steps_of(verdict).size(), 2U);
    EXPECT_EQ(std::get<StartMigration>(steps_of(verdict).back()).attempt, 2);
    world.observed.jobs.back().attempt = 5;
    EXPECT_TRUE(std::holds_alternative<Blocked>(assess_migration(world.desired, world.observed)))
        << "a person is to look at what goes on changing";
}

TEST(Plan, WithoutItsProbeANewOneComesBeforeTheNextAttempt) {
    World world;
    world.observed.jobs.clear();
    end_job(world.add_migration(), 85, an_answer(false, "LockTimeout"));
    const auto preflight = [&] { return assess_preflight(world.desired, world.observed); };
    EXPECT_TRUE(std::holds_alternative<Satisfied>(preflight())) << "the spec restricts nothing";
    world.spec().destructive = PlanPolicy::Block;
    EXPECT_TRUE(std::holds_alternative<Act>(preflight()));
}

TEST(Plan, OfAnEarlierReleaseCountsForNothing) {
    World world;
    world.spec().destructive = PlanPolicy::Approve;
    world.probe().expires = true;
    EXPECT_FALSE(find_plan(world.desired, world.observed, world.web()).is_known);
    EXPECT_EQ(world.finding().reason, Reason::PlanUnknown);
}

TEST(Plan, WithoutAPreflightNobodyHasJudgedIt) {
    World world;
    world.observed.jobs.clear();
    world.desired.object.spec.preflight.when = PreflightWhen::Never;
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
    world.spec().incompatible = PlanPolicy::Block;
    EXPECT_EQ(world.finding().reason, Reason::PlanUnknown);
    EXPECT_NE(world.finding().message.find("spec.preflight.when"), std::string::npos);
}

TEST(Plan, WithoutAWorkloadThereIsNone) {
    World world;
    world.observed.release.workloads.clear();
    EXPECT_EQ(world.finding().reason, Reason::NoWorkload);
}

TEST(Plan, SaysWhatItFoundAndHowToApproveIt) {
    World world({.is_destructive = true, .is_incompatible = true});
    const std::string found =
        "data is lost by orders.0002_drop; the release that runs may fail behind orders.0003_x";
    EXPECT_EQ(
        world.finding().message, std::string("Plan ") + kDigest + " is allowed: " + found + "."
    );
    world.spec().destructive = PlanPolicy::Approve;
    EXPECT_EQ(
        world.finding().message,
        std::string("Plan ") + kDigest + " has to be approved: " + found +
            ". Nothing is migrated for it; new Pods are held and the old ones serve. kubectl get "
            "djrel has the plan. Approve it by spec.migrations.approvedPlan: \"" +
            kDigest + "\", or set another image."
    );
    world.spec().incompatible = PlanPolicy::Block;
    EXPECT_NE(
        world.finding().message.find("since spec.migrations.incompatible is Block"),
        std::string::npos
    );
}

TEST(Plan, SaysWhoApprovedIt) {
    World world({.is_destructive = true});
    world.spec().destructive = PlanPolicy::Approve;
    world.spec().approved_plan = kDigest;
    const std::string end = ": data is lost by orders.0002_drop.";
    EXPECT_EQ(world.finding().message, std::string("Plan ") + kDigest + " is approved" + end);
    world.desired.object.meta.annotations["djangodb.io/approved-by"] = "jane";
    EXPECT_EQ(
        world.finding().message, std::string("Plan ") + kDigest + " is approved by jane" + end
    );
}

TEST(Plan, NamesAFewOfManyAndCountsTheRest) {
    World world;
    auto answer = answer_with({.is_destructive = true});
    answer["destructive_count"] = 12;
    end_job(world.probe(), 0, answer.dump());
    EXPECT_NE(world.finding().message.find("orders.0002_drop and 11 more"), std::string::npos);
    answer.erase("destructive");
    end_job(world.probe(), 0, answer.dump());
    EXPECT_NE(world.finding().message.find("data is lost by 12 migrations"), std::string::npos);
}

TEST(Plan, HalfATaleIsNone) {
    const auto is_known = [](const char* member, const json& value) {
        World world;
        auto answer = answer_with({});
        if (value.is_discarded()) {
            answer.erase(member);
        } else {
            answer[member] = value;
        }
        end_job(world.probe(), 0, answer.dump());
        return find_plan(world.desired, world.observed, world.web()).is_known;
    };
    const json gone(json::value_t::discarded);
    EXPECT_TRUE(is_known("destructive", gone));
    EXPECT_TRUE(is_known("planned", gone)) << "there was no room for them";
    for (const auto* member : {"plan_digest", "destructive_count", "incompatible_count"}) {
        EXPECT_FALSE(is_known(member, gone)) << member;
    }
    EXPECT_FALSE(is_known("planned", "000000000000000100000000")) << "half a migration";
    EXPECT_FALSE(is_known("planned", "000000000000000g")) << "no hexadecimal digits";
    EXPECT_FALSE(is_known("plan_digest", "4fde")) << "half a digest";
    EXPECT_FALSE(is_known("plan_digest", "")) << "migrations without a digest";
}

TEST(Plan, OfTooManyMigrationsForAnAnswerIsBoundByItsDigest) {
    World world;
    auto answer = answer_with({});
    answer.erase("planned");
    end_job(world.probe(), 0, answer.dump());
    world.spec().destructive = PlanPolicy::Approve;
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
    EXPECT_EQ(
        approved_migrations(world.desired, world.observed, world.web()),
        std::string("plan:") + kDigest
    );
    answer["is_new"] = true;
    end_job(world.probe(), 0, answer.dump());
    EXPECT_EQ(
        approved_migrations(world.desired, world.observed, world.web()),
        std::string("new:plan:") + kDigest
    );
}

TEST(Plan, NothingThatIsFoundGoesWithoutADigest) {
    World world;
    auto answer = answer_with({.is_destructive = true});
    answer["plan_digest"] = answer["planned"] = "";
    end_job(world.probe(), 0, answer.dump());
    world.spec().destructive = PlanPolicy::Approve;
    EXPECT_EQ(world.finding().reason, Reason::PlanUnknown)
        << "an approval that is not there would be of it";
    answer["destructive"] = json::array();
    answer["destructive_count"] = 0;
    end_job(world.probe(), 0, answer.dump());
    EXPECT_EQ(world.finding().message, "No migration is pending.");
    answer.erase("planned");
    end_job(world.probe(), 0, answer.dump());
    EXPECT_EQ(world.finding().message, "No migration is pending.") << "there was no room for none";
    EXPECT_EQ(approved_migrations(world.desired, world.observed, world.web()), "");
}

}  // namespace
}  // namespace djdb
