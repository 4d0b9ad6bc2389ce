// What is said of going back: by what was migrated since, and by what is left of earlier templates.
#include "reconcilers/stages/release/way_back.hpp"

#include "reconcilers/app_template.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>

#include <string>

namespace djdb {
namespace {

/// Web and worker run shop:v2, which passed behind shop:v1, whose ReplicaSets are there still.
struct World {
    Desired desired = a_desired();
    Observed observed = a_settled_world();

    World() {
        for (auto& workload : observed.release.workloads) {
            const auto& name = workload.meta.key.name.str();
            workload.meta.uid = ResourceUid("uid of " + name);
            observed.release.rolled.push_back(
                {workload.meta.uid, name + "-1", 0, a_workload(name, "shop:v1").pod_template, "3"}
            );
            observed.release.rolled.push_back(
                {workload.meta.uid, name + "-2", 1, workload.pod_template, "4"}
            );
        }
        earlier().applied = "before";
        current().applied = "behind";
    }
    PassedTemplate& earlier() { return observed.tenant->passed_templates.front(); }
    PassedTemplate& current() { return observed.tenant->passed_templates.back(); }
    void judge(const std::string& name, bool is_compatible, const std::string& since = "before") {
        observed.release.judged.push_back({name, is_compatible, since, ""});
    }
    [[nodiscard]] std::string said() const { return way_back(desired, observed); }
    [[nodiscard]] bool says(const std::string& words) const {
        return said().find(words) != std::string::npos;
    }
};

TEST(WayBack, OfWhatMigratedNothing) {
    World world;
    world.current().applied = "before";
    EXPECT_TRUE(world.says("shop:v1 works with the database, since nothing was migrated"))
        << world.said();
    EXPECT_TRUE(
        world.says("kubectl -n apps rollout undo deployment/web --to-revision=3 && kubectl "
                   "-n apps rollout undo deployment/worker --to-revision=3")
    ) << world.said();
}

TEST(WayBack, OfWhatWasJudged) {
    World world;
    world.judge("orders.0002_x", true);
    EXPECT_TRUE(world.says("judged compatible with it")) << world.said();
    world.judge("orders.0003_y", false);
    EXPECT_TRUE(world.says("not safe, since it may fail behind orders.0003_y")) << world.said();
    EXPECT_FALSE(world.says("kubectl"));
}

TEST(WayBack, OfWhatNobodyJudged) {
    World world;
    EXPECT_TRUE(world.says("not safe, since it may fail behind migrations that nobody has judged"));
    world.judge("orders.0002_x", true, "another state");
    EXPECT_TRUE(world.says("migrations that nobody has judged"));
}

TEST(WayBack, OverAReleaseBetweenIsNotJudged) {
    World world;
    world.judge("orders.0002_x", true);
    auto between = world.earlier();
    between.app_template = "another";
    between.applied = "between";
    auto& passed = world.observed.tenant->passed_templates;
    passed.insert(passed.begin() + 1, between);
    EXPECT_TRUE(world.says("migrations that nobody has judged")) << world.said();
}

TEST(WayBack, LeadsToWhatWorkedAlone) {
    World world;
    world.current().applied = "before";
    world.earlier().verified = "";
    EXPECT_EQ(world.said(), "") << "it was never proven";
    world.earlier().verified = "it works";
    EXPECT_NE(world.said(), "");
    world.observed.release.rolled.clear();
    EXPECT_EQ(world.said(), "") << "its ReplicaSet is gone, or could not be listed";
}

}  // namespace
}  // namespace djdb
