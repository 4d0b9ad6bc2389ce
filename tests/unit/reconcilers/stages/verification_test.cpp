// What rolled out is proven: every combination of what is asked for, of the last Job, and of what the new Pods did.
#include "reconcilers/app_template.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/verify_jobs.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/stages/verification_world.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <variant>

namespace djdb {
namespace {

using namespace verification_world;

enum class Expected { Start, Wait, Blocked, Success };
Expected expected(Last last) {
    switch (last) {
        case Last::None:
        case Last::PodLost:
        case Last::ToBeTriedAgain:
        case Last::OfAnEarlierPass:
            return Expected::Start;
        case Last::Underway:
        case Last::Stuck:
        case Last::Removed:
        case Last::JustFailed:
            return Expected::Wait;
        case Last::SaidOk:
        case Last::SaidOkJustNow:
            return Expected::Success;
        case Last::FailedForGood:
        case Last::FailedOften:
        case Last::PastItsDeadline:
            break;
    }
    return Expected::Blocked;
}

void expect_success(const World& world, Last last, Pods pods) {
    if (pods == Pods::RestartedLately) {
        EXPECT_TRUE(std::holds_alternative<Blocked>(world.verdict()));
        EXPECT_EQ(world.finding().reason, Reason::PodsRestarted);
        EXPECT_NE(world.finding().message.find("web-1"), std::string::npos);
    } else if (last == Last::SaidOkJustNow) {
        const auto verdict = world.verdict();
        const auto* wait = std::get_if<Wait>(&verdict);
        ASSERT_NE(wait, nullptr);
        EXPECT_EQ(wait->until, world.observed.now + seconds{29});
    } else {
        const auto* record = world.step<RecordVerified>();
        ASSERT_NE(record, nullptr) << world.finding().message;
        ASSERT_EQ(record->templates.size(), 2U) << "of web and worker";
        EXPECT_EQ(record->templates.front().job, ResourceUid("job of shop:v2"));
        EXPECT_EQ(
            record->said.find("new Pods could not be listed") != std::string::npos,
            pods == Pods::Unknown
        );
    }
}

template <class Check>
void for_each_world(Check&& check) {
    for (const auto due : kAllDue) {
        for (const auto last : kAllLast) {
            for (const auto pods : kAllPods) {
                SCOPED_TRACE(
                    std::to_string(static_cast<int>(due)) + " " +
                    std::to_string(static_cast<int>(last)) + " " +
                    std::to_string(static_cast<int>(pods))
                );
                World world;
                world.ask(Due::All);
                world.add(last);
                world.ask(due);
                world.look_at(pods);
                check(world, due, last, pods);
            }
        }
    }
}

TEST(Verification, OfWhatRolledOutInEveryCombination) {
    for_each_world([](World& world, Due due, Last last, Pods pods) {
        const bool is_left = last != Last::None && last != Last::Removed &&
                             (last == Last::OfAnEarlierPass || due != Due::All);
        if (is_left) {
            const auto verdict = world.verdict();
            const auto* act = std::get_if<Act>(&verdict);
            ASSERT_NE(act, nullptr) << "nobody waits for it";
            EXPECT_EQ(act->after, AfterSteps::Continue);
            world.observed.jobs.clear();
        }
        const auto verdict = world.verdict();
        if (due != Due::All) {
            EXPECT_TRUE(std::holds_alternative<Satisfied>(verdict));
            const auto said =
                due == Due::Proven ? "it was seen to work" : "before releases were proven";
            EXPECT_NE(world.finding().message.find(said), std::string::npos);
            return;
        }
        switch (expected(last)) {
            case Expected::Start:
                ASSERT_NE(world.step<StartVerify>(), nullptr) << world.finding().message;
                EXPECT_EQ(world.step<StartVerify>()->source.meta.key.name, ObjectName("web"));
                break;
            case Expected::Wait:
                EXPECT_TRUE(std::holds_alternative<Wait>(verdict)) << world.finding().message;
                break;
            case Expected::Blocked:
                EXPECT_TRUE(std::holds_alternative<Blocked>(verdict));
                EXPECT_EQ(
                    world.finding().reason,
                    last == Last::FailedOften ? Reason::Unreachable : Reason::VerifyFailed
                );
                EXPECT_NE(world.finding().message.find("serves"), std::string::npos);
                break;
            case Expected::Success:
                expect_success(world, last, pods);
                break;
        }
    });
}

TEST(Verification, OfARepetitionKeepsTheLastLogAlone) {
    World world;
    world.ask(Due::All);
    world.add(Last::ToBeTriedAgain);
    auto& earlier = world.observed.jobs.emplace_back(world.observed.jobs.back());
    earlier.name = "shop-verify-0";
    earlier.attempt = 0;
    ASSERT_NE(world.step<RemoveJob>(), nullptr);
    EXPECT_EQ(world.step<RemoveJob>()->job, "shop-verify-0");
    EXPECT_EQ(world.step<StartVerify>()->attempt, 2);
}

TEST(Verification, ThatNobodyAsksForIsTold) {
    World world;
    world.ask(Due::All);
    world.desired.object.spec.verify.when = VerifyWhen::Never;
    EXPECT_EQ(world.finding().reason, Reason::VerifyOff);
    EXPECT_TRUE(assess(world.desired, world.observed).find(LaneId::Release)->is_satisfied());
}

TEST(Verification, IsAskedForByAPassOnlyWhereTheSpecDoes) {
    World world;
    const auto& web = world.observed.release.workloads.front();
    const ResourceUid job("job");
    EXPECT_EQ(a_pass_of(world.desired, world.observed, web, "", job).verified, "");
    world.desired.object.spec.verify.when = VerifyWhen::Never;
    EXPECT_EQ(a_pass_of(world.desired, world.observed, web, "", job).verified, std::nullopt);
}

TEST(Verification, IsAnotherOneForAnotherSpecOrPass) {
    World world;
    world.ask(Due::All);
    const auto name = [&] { return verify_name(world.desired, world.observed); };
    const auto before = name();
    world.desired.object.spec.verify.http.path = "/health";
    const auto of_another_path = name();
    EXPECT_NE(of_another_path, before);
    world.pass().job = ResourceUid("another job");
    EXPECT_NE(name(), of_another_path);
    world.desired.object.spec.verify.soak = hours{1};
    const auto with_soak = name();
    world.desired.object.spec.verify.soak = hours{2};
    EXPECT_EQ(name(), with_soak) << "what was proven stays so while it is watched for longer";
}

TEST(Verification, TellsWhichPodsHaveSessions) {
    World world;
    world.ask(Due::All);
    world.add(Last::SaidOk);
    world.look_at(Pods::Calm);
    const auto said = [&] { return world.step<RecordVerified>()->said; };
    world.observed.release.sessions = std::vector<AppSession>{};
    EXPECT_NE(said().find("no session of its login was open"), std::string::npos);
    world.observed.release.sessions = {{"10.0.0.7", TimePoint{}}, {"10.0.0.9", TimePoint{}}};
    EXPECT_NE(said().find("1 of 1 new Pods have sessions"), std::string::npos);
    world.observed.release.sessions = {{"10.0.0.9", TimePoint{}}};
    EXPECT_NE(said().find("1 session of its login"), std::string::npos);
}

TEST(Verification, ThatFailedIsTriedAgainOnceAnHour) {
    World world;
    world.ask(Due::All);
    world.add(Last::FailedForGood);
    EXPECT_NE(world.finding().message.find("once an hour"), std::string::npos);
    world.observed.now += hours{1};
    ASSERT_NE(world.step<StartVerify>(), nullptr);
    EXPECT_EQ(world.step<StartVerify>()->attempt, 2);
}

TEST(Verification, WithoutASoakLooksAtNoRestarts) {
    World world;
    world.ask(Due::All);
    world.desired.object.spec.verify.soak = seconds{0};
    world.add(Last::SaidOkJustNow);
    world.look_at(Pods::RestartedLately);
    EXPECT_NE(world.step<RecordVerified>(), nullptr);
}

TEST(Verification, DoesNotWaitForTheClockOfANodeThatIsAhead) {
    World world;
    world.ask(Due::All);
    world.add(Last::SaidOk);
    end_job(world.observed.jobs.back(), 0, an_answer(true, ""), world.observed.now + hours{5});
    world.observed.jobs.back().finished = world.observed.now - minutes{1};
    EXPECT_NE(world.step<RecordVerified>(), nullptr);
}

TEST(Verification, NamesWhatHasAnotherEnvironment) {
    World world;
    world.ask(Due::All);
    world.add(Last::SaidOk);
    EXPECT_EQ(world.step<RecordVerified>()->said.find("other environment"), std::string::npos);
    world.observed.jobs.clear();
    auto& worker = world.observed.release.workloads.back();
    worker.pod_template = PodTemplate(nlohmann::json::parse(
        R"({"spec": {"containers": [{"name": "app", "image": "shop:v2", "env": [{"name": "A", "value": "b"}]}]}})"
    ));
    auto pass = world.pass();
    pass.app_template = app_template_hash(worker, world.desired.object.spec.app);
    world.observed.tenant->passed_templates.push_back(pass);
    world.add(Last::SaidOk);
    EXPECT_NE(
        world.step<RecordVerified>()->said.find(
            "in Deployment web, and not in the other environment of worker"
        ),
        std::string::npos
    );
}

TEST(Verification, SaysWhatWasNotProven) {
    World world;
    world.ask(Due::All);
    world.add(Last::SaidOk);
    const auto said = [&] { return world.step<RecordVerified>()->said; };
    EXPECT_EQ(said().find("Not proven"), std::string::npos);
    world.desired.object.spec.verify.http = {};
    world.observed.jobs.clear();
    world.add(Last::SaidOk);
    EXPECT_NE(said().find("Not proven: a path or command"), std::string::npos);
}

TEST(Verification, KeepsTheAnswerOfAJobThatGoesOnForAContainerBesideOurs) {
    World world;
    world.ask(Due::All);
    world.add(Last::SaidOkJustNow);
    let_others_run(world.observed.jobs.back());
    ASSERT_NE(world.step<LiftJobDeadline>(), nullptr);
    EXPECT_EQ(world.step<LiftJobDeadline>()->job, "shop-verify-1");
}

}  // namespace
}  // namespace djdb
