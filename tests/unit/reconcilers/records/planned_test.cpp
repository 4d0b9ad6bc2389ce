#include "reconcilers/records/planned.hpp"

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

}  // namespace
}  // namespace djdb
