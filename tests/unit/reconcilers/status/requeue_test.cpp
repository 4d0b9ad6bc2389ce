// How soon a resource is looked at again, when a refused write may be tried again, and when silence
// of the API server is told.
#include "reconcilers/status/requeue.hpp"

#include "reconcilers/resync/tenant_cache.hpp"
#include "reconcilers/resync/write_backoff.hpp"
#include "reconcilers/status/failure_reason.hpp"
#include "reconcilers/status/status.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace djdb {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds span_of(const Requeue& requeue) {
    const auto* retry = std::get_if<RetryAfter>(&requeue);
    return retry == nullptr ? -1ms : retry->span;
}

double runs_a_second(std::size_t settled) {
    double runs = 0;
    for (std::size_t i = 0; i < settled; ++i) {
        const auto span = settled_interval(ResourceUid("uid-" + std::to_string(i)), settled);
        runs += 1.0 / static_cast<double>(span.count());
    }
    return runs;
}

TEST(SettledInterval, ComesWithinTenMinutesUnlessThereAreTooMany) {
    for (const std::size_t settled : {0U, 1U, 500U, 1800U}) {
        std::vector<std::chrono::seconds> spans;
        for (int i = 0; i < 1000; ++i) {
            spans.push_back(settled_interval(ResourceUid("uid-" + std::to_string(i)), settled));
        }
        const auto [least, most] = std::ranges::minmax(spans);
        EXPECT_GE(least, 6min);
        EXPECT_LT(most, 9min);
        EXPECT_GT(most - least, 2min) << "a crowd disperses";
    }
    EXPECT_GT(
        settled_interval(ResourceUid("uid"), 3600), settled_interval(ResourceUid("uid"), 1800)
    );
}

TEST(SettledInterval, NeverMoreThanAboutFourASecond) {
    for (const std::size_t settled : {100U, 1800U, 3000U, 20000U}) {
        EXPECT_LT(runs_a_second(settled), 4.2) << settled;
    }
    EXPECT_GT(runs_a_second(3000), 3.8);
}

/// A step of the release that failed.
Outcomes failed(FailureClass kind, const char* code) {
    return {
        {.step = {StartMigration::kName, {}},
         .lane = LaneId::Release,
         .stage = ConditionType::MigrationsApplied,
         .failure = Failure{kind, FailureOrigin::Kubernetes, code, "m"}}};
}

TEST(NextRun, GoesByWhatTheRunCameTo) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    const auto next = [&](const Outcomes& outcomes) {
        return next_run(desired, observed, assess(desired, observed), outcomes, 1);
    };
    EXPECT_EQ(span_of(next({})), settled_interval(desired.object.meta.uid, 1));
    EXPECT_EQ(span_of(next(failed(FailureClass::Conflict, "409 Conflict"))), 0ms);
    const auto backoff = next(failed(FailureClass::Forbidden, "403 Forbidden"));
    ASSERT_TRUE(std::holds_alternative<RetryWithBackoff>(backoff));
    EXPECT_FALSE(std::get<RetryWithBackoff>(backoff).at_most) << "no other lane asks for a run";
    auto refused = failed(FailureClass::Invalid, "403 Forbidden");
    refused.front().not_before = observed.now + 5min;
    EXPECT_EQ(span_of(next(refused)), 5min);
    refused.front().not_before = observed.now;
    EXPECT_EQ(span_of(next(refused)), 1s);
    observed.secrets.ca = PublishedState::Absent;
    EXPECT_EQ(span_of(next({})), 0ms) << "so is what was done beside";
    EXPECT_FALSE(is_settled(assess(desired, observed)));
    observed.secrets.app = PublishedState::Absent;
    EXPECT_EQ(span_of(next({})), 0ms) << "what was done is looked at";
    observed.secrets.app = PublishedState::Foreign;
    EXPECT_EQ(span_of(next({})), 15s);
}

TEST(NextRun, IsTheEarliestOfAllLanes) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    observed.secrets.app = PublishedState::Foreign;  // the foundation comes again in 15 s
    const auto other = failed(FailureClass::Forbidden, "403 Forbidden");
    const auto next = next_run(desired, observed, assess(desired, observed), other, 1);
    ASSERT_TRUE(std::holds_alternative<RetryWithBackoff>(next));
    EXPECT_EQ(std::get<RetryWithBackoff>(next).at_most, 15s);
}

TEST(NextRun, WaitsForAServerLongerEachTime) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    observed.server_failure = Failure{
        FailureClass::Transient, FailureOrigin::Postgres, "55P03", "a lock was not to be had"};
    const auto next = next_run(desired, observed, assess(desired, observed), {}, 1);
    ASSERT_TRUE(std::holds_alternative<RetryWithBackoff>(next));
    EXPECT_FALSE(std::get<RetryWithBackoff>(next).at_most);
}

TEST(Lanes, AFailedStepEndsItsLaneAndTheOneBehindItIsNotReached) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    observed.secrets.app = PublishedState::Absent;
    const auto assessment = assess(desired, observed);
    ASSERT_EQ(assessment.lanes.size(), 3U);
    EXPECT_FALSE(assessment.lanes[2].is_reached) << "a release needs the foundation";
    EXPECT_TRUE(assessment.lanes[1].is_satisfied()) << "drift is compared meanwhile";
    EXPECT_FALSE(is_settled(assessment));
}

const Failure kQuota{
    FailureClass::Invalid, FailureOrigin::Kubernetes, "403 Forbidden", "exceeded quota"};

Outcomes a_refused(std::string_view kind) {
    return {
        {.step = {kind, {}},
         .lane = LaneId::Release,
         .stage = ConditionType::MigrationsApplied,
         .failure = kQuota}};
}

TEST(WriteBackoff, OnlyTheClustersRulesAreOne) {
    for (const auto kind :
         {FailureClass::Transient,
          FailureClass::Conflict,
          FailureClass::Forbidden,
          FailureClass::Invalid,
          FailureClass::Terminal}) {
        for (const auto origin :
             {FailureOrigin::Kubernetes, FailureOrigin::Postgres, FailureOrigin::Operator}) {
            EXPECT_EQ(
                is_refused_write({kind, origin, "", ""}),
                kind == FailureClass::Invalid && origin == FailureOrigin::Kubernetes
            );
        }
    }
}

TEST(WriteBackoff, HoldsForFiveMinutesAndForThisInputOnly) {
    const TimePoint now{1000s};
    const StepId start{StartMigration::kName, {}};
    const auto first = backoffs_after({}, a_refused(StartMigration::kName), "1 a", now);
    ASSERT_TRUE(first.contains(start));
    EXPECT_EQ(first.at(start).until, now + 5min);
    EXPECT_FALSE(still_in_force(first, "1 a", now + 299s).empty());
    EXPECT_TRUE(still_in_force(first, "1 a", now + 5min).empty());
    EXPECT_TRUE(still_in_force(first, "2 a", now).empty()) << "another spec";
    EXPECT_TRUE(still_in_force(first, "1 b", now).empty()) << "another Pod template";
    EXPECT_TRUE(still_in_force({}, "1 a", now).empty());
    // Told again from the cache, it is as old as it was; a run that did other things leaves it.
    const auto later = backoffs_after(first, a_refused(StartMigration::kName), "1 a", now + 4min);
    EXPECT_EQ(later.at(start).until, first.at(start).until);
    EXPECT_EQ(
        backoffs_after(first, Outcomes{}, "1 a", now + 4min).at(start).until, first.at(start).until
    );
    const auto both = backoffs_after(first, a_refused(PublishSecret::kName), "1 a", now + 4min);
    EXPECT_EQ(both.size(), 2U) << "each write has its own";
    EXPECT_TRUE(backoffs_after({}, Outcomes{}, "1 a", now).empty());
}

TEST(WriteBackoff, TheQuestionIsSpecAndPodTemplates) {
    auto desired = a_desired();
    auto observed = a_settled_world();
    const auto asked = input_fingerprint(desired, observed);
    observed.release.workloads.front().meta.resource_version = "6";
    EXPECT_EQ(input_fingerprint(desired, observed), asked);
    observed.release.workloads.front().pod_template = a_workload("web", "shop:v3").pod_template;
    EXPECT_NE(input_fingerprint(desired, observed), asked);
    observed = a_settled_world();
    ++desired.object.meta.generation;
    EXPECT_NE(input_fingerprint(desired, observed), asked);
}

TEST(WriteBackoff, IsShownWithWhatHelps) {
    auto desired = a_desired();
    desired.object.spec.preflight.when = PreflightWhen::Never;
    auto observed = a_settled_world();
    observed.tenant->passed_templates.clear();
    const auto status = derive_status(
        desired, observed, assess(desired, observed), a_refused(StartMigration::kName)
    );
    const auto of = [&](ConditionType type) {
        return *std::ranges::find(status.conditions, type, &Condition::type);
    };
    EXPECT_EQ(of(ConditionType::MigrationsApplied).reason, Reason::WriteRefused);
    EXPECT_EQ(of(ConditionType::Stalled).status, ConditionStatus::True);
    EXPECT_NE(of(ConditionType::Ready).message.find("exceeded quota It"), std::string::npos);
    EXPECT_EQ(
        reason_of({FailureClass::Forbidden, FailureOrigin::Kubernetes, "403 Forbidden", "m"}),
        Reason::RightsMissing
    );
    EXPECT_EQ(
        reason_of({FailureClass::Transient, FailureOrigin::Kubernetes, "500", "m"}),
        Reason::ApiError
    );
}

TEST(Silence, OfWhatPassesByItselfIsToldAfterAMinute) {
    const auto told = [](FailureClass kind, std::chrono::seconds since) {
        return makes_unknown({kind, FailureOrigin::Kubernetes, "", ""}, since);
    };
    EXPECT_FALSE(told(FailureClass::Transient, 0s));
    EXPECT_FALSE(told(FailureClass::Transient, 59s));
    EXPECT_TRUE(told(FailureClass::Transient, 60s));
    for (const auto kind :
         {FailureClass::Conflict,
          FailureClass::Forbidden,
          FailureClass::Invalid,
          FailureClass::Terminal}) {
        EXPECT_TRUE(told(kind, 0s));
    }
    TenantCache cache;
    const ObjectKey shop{Namespace("apps"), ObjectName("shop")};
    const TimePoint now{1000s};
    EXPECT_EQ(cache.note_unseen(shop, now), now);
    EXPECT_EQ(cache.note_unseen(shop, now + 30s), now);
    cache.note_seen(shop);
    EXPECT_EQ(cache.note_unseen(shop, now + 40s), now + 40s);
}

}  // namespace
}  // namespace djdb
