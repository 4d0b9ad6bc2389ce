// An earlier image behind migrations that it does not know: by what their plans said, and by who takes it on.
#include "tests/unit/reconcilers/stages/plan_world.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace djdb {
namespace {

using namespace plan_world;

/// An earlier image: the database has a migration that it does not know, and nothing is pending.
json answer_of_an_earlier_image(const std::vector<std::string>& ahead, std::size_t count) {
    auto answer = answer_with({});
    answer["plan_digest"] = "";
    answer["planned"] = "";
    answer["ahead"] = ahead;
    answer["ahead_count"] = count;
    return answer;
}

TEST(GoingBack, IsAllowedWhereAllThatItDoesNotKnowWasJudgedCompatible) {
    enum class Judged { No, Compatible, Incompatible };
    for (const auto first : {Judged::No, Judged::Compatible, Judged::Incompatible}) {
        for (const auto second : {Judged::No, Judged::Compatible, Judged::Incompatible}) {
            for (const bool is_named : {true, false}) {
                for (const auto policy : kAllPolicies) {
                    World world;
                    world.spec().incompatible = policy;
                    world.spec().destructive = policy;
                    const std::vector<std::string> ahead{"orders.0003_x", "orders.0004_y"};
                    const std::size_t count = is_named ? 2 : 3;
                    end_job(world.probe(), 0, answer_of_an_earlier_image(ahead, count).dump());
                    const auto judge = [&](const std::string& name, Judged judged) {
                        if (judged != Judged::No) {
                            world.observed.release.judged.push_back(
                                {name, judged == Judged::Compatible, "", "a dump"}
                            );
                        }
                    };
                    judge(ahead[0], first);
                    judge(ahead[1], second);
                    const bool is_safe =
                        first == Judged::Compatible && second == Judged::Compatible && is_named;
                    EXPECT_EQ(
                        world.finding().reason, is_safe ? Reason::Succeeded : Reason::RollbackUnsafe
                    );
                    if (is_safe) {
                        continue;
                    }
                    const auto plan = find_plan(world.desired, world.observed, world.web());
                    ASSERT_EQ(plan.name.size(), 16U);
                    EXPECT_NE(world.finding().message.find(plan.name), std::string::npos);
                    world.spec().approved_plan = "0123456789abcdef";
                    EXPECT_EQ(world.finding().reason, Reason::RollbackUnsafe);
                    world.spec().approved_plan = plan.name;
                    EXPECT_EQ(world.finding().reason, Reason::Succeeded) << "somebody took it on";
                }
            }
        }
    }
}

/// v1 -> v2 was judged as a whole; an image between them, which never ran, knows the first of its migrations.
TEST(GoingBack, ToAnImageThatKnowsAPartOfAPlanIsNotJudged) {
    World world;
    world.observed.release.judged = {
        {"orders.0003_t", true, "a", ""},
        {"orders.0004_drop", true, "a", ""},
        {"orders.0001_x", true, "before", ""}};
    end_job(world.probe(), 0, answer_of_an_earlier_image({"orders.0004_drop"}, 1).dump());
    EXPECT_EQ(world.finding().reason, Reason::RollbackUnsafe);
    const std::vector<std::string> both{"orders.0003_t", "orders.0004_drop"};
    end_job(world.probe(), 0, answer_of_an_earlier_image(both, 2).dump());
    EXPECT_EQ(world.finding().reason, Reason::Succeeded);
}

TEST(GoingBack, IsApprovedForTheseMigrationsAndThisTime) {
    World world;
    auto answer = answer_of_an_earlier_image({}, 3);  // there was no room for their names
    const auto name = [&](const std::string& digest) {
        answer["ahead_digest"] = digest;
        end_job(world.probe(), 0, answer.dump());
        return find_plan(world.desired, world.observed, world.web()).name;
    };
    const auto first = name("00000000000000a1");
    EXPECT_NE(first, name("00000000000000a2"));
    let_pass(world.desired, world.observed, "shop:v0");
    EXPECT_NE(first, name("00000000000000a1"));
}

TEST(GoingBack, OfWhatIsNotHeldSaysThatItRuns) {
    World world;
    end_job(world.probe(), 0, answer_of_an_earlier_image({"orders.0003_x"}, 1).dump());
    EXPECT_NE(world.finding().message.find("new Pods are held"), std::string::npos)
        << world.finding().message;
    world.web().hold.reset();
    EXPECT_NE(world.finding().message.find("its code runs behind them now"), std::string::npos);
    EXPECT_EQ(world.finding().message.find("held and the old ones serve"), std::string::npos);
}

TEST(GoingBack, BehindASquashThatChangedNothingIsJudged) {
    World world;
    auto answer = answer_with({});
    answer["plan_digest"] = "";
    answer["planned"] = "";
    answer["pending"] = json::array();
    answer["squashed"] = {"orders.0001_squashed_0002"};
    end_job(world.probe(), 0, answer.dump());
    EXPECT_EQ(
        judged_migrations(world.desired, world.observed, world.web()),
        (std::vector<JudgedMigration>{{"orders.0001_squashed_0002", true, "", ""}})
    );
}

TEST(GoingBack, SaysWhatIsInTheWayAndWhichDumpIsFromBefore) {
    World world;
    const std::vector<std::string> ahead{"orders.0003_x", "orders.0004_y"};
    end_job(world.probe(), 0, answer_of_an_earlier_image(ahead, 2).dump());
    world.observed.release.judged = {
        {"orders.0004_y", false, "", "later.dump on claim c, begun at T2"},
        {"orders.0003_x", false, "", "first.dump on claim c, begun at T1"}};
    const auto message = world.finding().message;
    EXPECT_NE(message.find("orders.0003_x, orders.0004_y"), std::string::npos) << message;
    EXPECT_NE(message.find("first.dump on claim c, begun at T1"), std::string::npos) << message;
    EXPECT_EQ(message.find("later.dump"), std::string::npos);
    world.observed.release.judged.front().is_compatible = true;
    EXPECT_EQ(world.finding().message.find("orders.0004_y"), std::string::npos);
}

TEST(GoingBack, IsJudgedByThePlanOfTheMigrationThatWasApplied) {
    World world({.is_destructive = true, .is_incompatible = true});
    auto answer = answer_with({.is_destructive = true, .is_incompatible = true});
    const auto judged = [&] {
        end_job(world.probe(), 0, answer.dump());
        return judged_migrations(world.desired, world.observed, world.web());
    };
    EXPECT_TRUE(judged().empty()) << "its pending migrations had no room";
    answer["pending"] = {"orders.0002_drop", "orders.0003_x"};
    let_pass(world.desired, world.observed, "shop:v1");
    world.observed.tenant->passed_templates.back().applied = "a state";
    EXPECT_EQ(
        judged(),
        (std::vector<JudgedMigration>{
            {"orders.0002_drop", true, "a state", ""}, {"orders.0003_x", false, "a state", ""}})
    );
    const auto verdict = assess_migration(world.desired, world.observed);
    EXPECT_EQ(std::get<StartMigration>(steps_of(verdict).front()).judged, judged());
    answer["incompatible_count"] = 2;
    EXPECT_TRUE(judged().empty()) << "nobody knows which the other one is";
    answer["incompatible_count"] = 1;
    answer["is_new"] = true;
    EXPECT_TRUE(judged().empty()) << "nobody goes back to before the first release";
}

}  // namespace
}  // namespace djdb
