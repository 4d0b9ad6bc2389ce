#include "reconcilers/records/planned.hpp"

#include "reconcilers/stages/release/proof.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace djdb {
namespace {

using nlohmann::json;

std::vector<PlannedMigration> planned(const json& plan, const json& tables = json::object()) {
    return planned_migrations(
        json{{"plan", plan}, {"tables", tables}}.dump(), {Sensitive("hunter2")}
    );
}

TEST(PlannedMigrations, AreToldForPeople) {
    const json plan{
        {{"migration", "orders.0003_drop"},
         {"phase", "Contract"},
         {"lock", "ACCESS EXCLUSIVE"},
         {"scans", true},
         {"destructive", true},
         {"irreversible", true},
         {"atomic", false},
         {"tables", {"orders_order", "orders_line", "orders_new"}},
         {"operations", {"RemoveField"}},
         {"why", "drops a column"}}};
    const json tables{{"orders_order", {81, 49152}}, {"orders_line", {-1, 8192}}};
    const auto found = planned(plan, tables);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(
        found.front(),
        (PlannedMigration{
            "orders.0003_drop",
            "Contract",
            "ACCESS EXCLUSIVE",
            "orders_order (81 rows, 48 kB), orders_line (8192 bytes), orders_new",
            "loses data, reads or writes every row under its lock, can't be undone, is not in one "
            "transaction",
            "drops a column"})
    );
}

TEST(PlannedMigrations, WhatIsNotSaidIsLeftOut) {
    const auto found =
        planned({{{"migration", "a.0001_initial"}, {"atomic", true}, {"data", false}}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front(), (PlannedMigration{"a.0001_initial", "", "", "", "", ""}));
}

TEST(PlannedMigrations, OfATenantsProgramAnythingMayStandThere) {
    EXPECT_TRUE(planned_migrations("", {}).empty());
    EXPECT_TRUE(planned_migrations("[1]", {}).empty());
    EXPECT_TRUE(planned_migrations(R"({"plan":7,"tables":[]})", {}).empty());
    EXPECT_TRUE(planned({7, nullptr, {{"migration", 7}}, {{"phase", "Any"}}}).empty());
    const auto twice =
        planned({{{"migration", "a.1"}}, {{"migration", "a.1"}}, {{"migration", "a.2"}}});
    EXPECT_EQ(twice.size(), 2U) << "the API server takes no list with two of a name";
    const auto odd =
        planned({{{"migration", "a.1"}, {"tables", {"t", 7}}, {"lock", 7}}}, {{"t", {"many", 1}}});
    ASSERT_EQ(odd.size(), 1U);
    EXPECT_EQ(odd.front().tables, "t");
    EXPECT_EQ(odd.front().lock, "");
}

TEST(PlannedMigrations, HoldNoPassword) {
    const auto found = planned({{{"migration", "a.1"}, {"why", "sets hunter2 as password"}}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().reason.find("hunter2"), std::string::npos);
}

TEST(PlannedMigrations, AreBounded) {
    auto many = json::array();
    for (int number = 0; number < 600; ++number) {
        many.push_back({{"migration", "a." + std::to_string(number)}});
    }
    EXPECT_EQ(planned(many).size(), 500U);
    for (auto& one : many) {
        one["why"] = std::string(10000, 'x');
    }
    const auto long_ones = planned(many);
    EXPECT_LT(long_ones.size(), 200U);
    EXPECT_GT(long_ones.size(), 50U);
    EXPECT_EQ(long_ones.front().reason.size(), 512U);
}

/// Web is held, and its probe found a migration that loses data.
struct World {
    Desired desired = a_desired();
    Observed observed = a_provisioned_world();
    DjangoReleaseStatus status;

    World() {
        desired.object.spec.migrations.destructive = PlanPolicy::Approve;
        desired.object.meta.annotations["djangodb.io/approved-by"] = "jane";
        observed.release.workloads = {a_workload("web", "shop:v2")};
        observed.release.workloads.front().hold = Hold::Paused;
        observed.jobs = {a_passed_probe(desired, observed, observed.release.workloads.front())};
        auto answer = json::parse(an_answer(true, "", {"orders.0003_x"}));
        answer.update(
            {{"plan_digest", "4fde2fb8321362f4"},
             {"planned", "0000000000000001"},
             {"destructive", {"orders.0002_drop"}},
             {"destructive_count", 1},
             {"incompatible_count", 0},
             {"plan", {{{"migration", "orders.0002_drop"}}, {{"migration", "orders.0003_x"}}}}}
        );
        end_job(observed.jobs.front(), 0, answer.dump());
        status.steps = {{.name = "job/" + observed.jobs.front().name, .answer = answer.dump()}};
    }
    void approve(const std::string& digest) {
        desired.object.spec.migrations.approved_plan = digest;
    }
    const ReleasePlan& plan() {
        update_plan(status, desired, observed, {});
        return status.plan;
    }
};

TEST(PlanOfARecord, TellsTheDecisionAndWhoMadeIt) {
    World world;
    EXPECT_EQ(world.plan().decision, PlanDecision::ApprovalRequired);
    EXPECT_EQ(world.plan().approved_by, "");
    EXPECT_EQ(world.plan().migrations.size(), 2U);
    world.approve("4fde2fb8321362f4");
    EXPECT_EQ(world.plan().decision, PlanDecision::Approved);
    EXPECT_EQ(world.plan().approved_by, "jane");
}

/// Also where a crash kept it from being told before.
TEST(PlanOfARecord, StaysThatOfTheMigrationThatRuns) {
    World world;
    auto& job = world.observed.jobs.emplace_back(a_job_run());
    job.revision =
        revision_of(world.desired, world.observed, world.observed.release.workloads.front());
    world.approve("4fde2fb8321362f4");
    EXPECT_EQ(world.plan().decision, PlanDecision::Approved);
    world.approve("");
    EXPECT_EQ(world.plan().decision, PlanDecision::Approved) << "it was when it began";
    EXPECT_EQ(world.plan().approved_by, "jane");
}

TEST(PlanOfARecord, KeepsWhatWasAppliedAndWhatIsNotToldAgain) {
    World world;
    EXPECT_EQ(world.plan().migrations.size(), 2U);
    world.status.applied = {"orders.0002_drop"};
    auto answer = json::parse(world.status.steps.front().answer);
    answer["plan"] = {{{"migration", "orders.0003_x"}}};
    world.status.steps.front().answer = answer.dump();
    ASSERT_EQ(world.plan().migrations.size(), 2U);
    EXPECT_EQ(world.plan().migrations.front().name, "orders.0002_drop");
    world.status.steps.front().answer.clear();
    EXPECT_EQ(world.plan().migrations.size(), 2U) << "the answer was left out for its length";
}

}  // namespace
}  // namespace djdb
