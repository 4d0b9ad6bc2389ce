// An empty database in the place of a filled one: every combination of what ran before and what is here.
#include "reconcilers/stages/release/cutover.hpp"

#include "reconcilers/ports/failure.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/support/a_pass.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace djdb {
namespace {

using nlohmann::json;

/// As a ReplicaSet keeps it; it is the app of a Deployment that reads its database from there.
RolledTemplate a_rolled_template(const std::string& secret, std::int64_t replicas) {
    json container{{"name", "app"}, {"image", "shop:sqlite"}};
    if (!secret.empty()) {
        container["envFrom"] = {{{"secretRef", {{"name", secret}}}}};
    }
    return {
        ResourceUid("uid of web"),
        "web-" + std::to_string(replicas),
        replicas,
        PodTemplate(json{{"spec", {{"containers", {container}}}}})};
}

/// Web is held with its first template for this database.
Observed a_world() {
    auto observed = a_provisioned_world();
    auto web = a_workload("web", "shop:v1");
    web.meta.uid = ResourceUid("uid of web");
    web.hold = Hold::Paused;
    web.is_marked = true;
    observed.release.workloads = {web};
    observed.release.applied = AppliedMigrations{};
    return observed;
}

TEST(Cutover, IsAskedAboutWhereAnAppRanElsewhereAndNothingIsHere) {
    for (const bool has_passed : {true, false}) {
        for (const bool is_meant : {true, false}) {
            for (const bool is_empty : {true, false}) {
                for (const auto* named : {"", "shop-database", "another-database"}) {
                    for (const std::int64_t replicas : {0, 2}) {
                        auto desired = a_desired();
                        auto observed = a_world();
                        if (has_passed) {
                            observed.tenant->passed_templates = {a_pass("shop:v0")};
                        }
                        if (is_meant) {
                            desired.object.spec.cutover.start_empty = "shop";
                        }
                        if (!is_empty) {
                            observed.release.applied = AppliedMigrations{true, {"orders.0001_x"}};
                        }
                        observed.release.rolled = {a_rolled_template(named, replicas)};
                        const bool is_elsewhere = named != std::string("shop-database");
                        EXPECT_EQ(
                            judge_cutover(desired, observed).has_value(),
                            !has_passed && !is_meant && is_empty && is_elsewhere
                        );
                    }
                }
            }
        }
    }
}

TEST(Cutover, NoneWhereNothingRanBefore) {
    const auto desired = a_desired();
    auto observed = a_world();
    EXPECT_FALSE(judge_cutover(desired, observed));
    observed.release.rolled = {};
    EXPECT_FALSE(judge_cutover(desired, observed));
}

TEST(Cutover, OfAnotherWorkloadIsItsOwn) {
    const auto desired = a_desired();
    auto observed = a_world();
    observed.release.rolled = {a_rolled_template("", 1)};
    observed.release.rolled.front().owner = ResourceUid("uid of something unlabelled");
    EXPECT_FALSE(judge_cutover(desired, observed));
}

TEST(Cutover, IsNotRuledOutByARefusedQuestion) {
    const auto desired = a_desired();
    auto observed = a_world();
    observed.release.rolled_failure = Failure{
        FailureClass::Forbidden,
        FailureOrigin::Kubernetes,
        "403 Forbidden",
        "cannot list replicasets"};
    const auto verdict = assess_preflight(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Blocked>(verdict));
    EXPECT_EQ(std::get<Blocked>(verdict).finding.reason, Reason::RightsMissing);
    observed.release.applied = AppliedMigrations{true, {"orders.0001_x"}};
    EXPECT_FALSE(judge_cutover(desired, observed));
}

TEST(Cutover, ToAnotherDatabasesNameIsNotMeant) {
    auto desired = a_desired();
    desired.object.spec.cutover.start_empty = "shop_of_before";
    auto observed = a_world();
    observed.release.rolled = {a_rolled_template("", 1)};
    EXPECT_TRUE(judge_cutover(desired, observed));
}

TEST(Cutover, IsToldWithWhatRunsAndWhatToDoAndNothingIsDone) {
    const auto desired = a_desired();
    auto observed = a_world();
    observed.release.rolled = {
        a_rolled_template("", 0), a_rolled_template("", 3), a_rolled_template("shop-database", 5)};
    const auto assessment = assess(desired, observed);
    EXPECT_TRUE(assessment.steps().empty());
    const auto verdict = assess_preflight(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Blocked>(verdict));
    const auto& finding = std::get<Blocked>(verdict).finding;
    EXPECT_EQ(finding.reason, Reason::CutoverUnconfirmed);
    for (const auto* words :
         {"Deployment \"web\" ran shop:sqlite",
          "without Secret \"shop-database\"",
          "ReplicaSet \"web-3\", 3 Pods",
          "Nothing was migrated",
          "spec.cutover.startEmpty: shop "}) {
        EXPECT_NE(finding.message.find(words), std::string::npos) << words;
    }
}

TEST(Cutover, HoldsThoughThePreflightIsLeftOut) {
    auto desired = a_desired();
    desired.object.spec.preflight.when = PreflightWhen::Never;
    auto observed = a_world();
    observed.release.rolled = {a_rolled_template("", 1)};
    EXPECT_TRUE(assess(desired, observed).steps().empty());
}

}  // namespace
}  // namespace djdb
