#include "controller/kube/client/server_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace djdb::kube {
namespace {

using namespace std::chrono_literals;

HttpResponse answered_at(const std::string& date) {
    return {.status = 200, .headers = {{"date", date}}, .body = {}};
}

/// 2026-11-29 16:00:00 UTC
const TimePoint kThen{1'795'968'000s};

TEST(ServerClock, IsTheServersAndNotOurs) {
    ServerClock clock;
    clock.note(answered_at("Sun, 29 Nov 2026 16:00:00 GMT"));
    EXPECT_GE(clock.now(), kThen);
    EXPECT_LE(clock.now(), kThen + 5s);
}

TEST(ServerClock, DoesNotShakeWithTheSecondsOfTheHeader) {
    ServerClock clock;
    clock.note(answered_at("Sun, 29 Nov 2026 16:00:00 GMT"));
    clock.note(answered_at("Sun, 29 Nov 2026 16:00:02 GMT"));
    EXPECT_LE(clock.now(), kThen + 1s);
    clock.note(answered_at("Sun, 29 Nov 2026 16:01:00 GMT"));
    EXPECT_GE(clock.now(), kThen + 60s);
    clock.note(answered_at("Sun, 29 Nov 2026 15:00:00 GMT"));
    EXPECT_LE(clock.now(), kThen - 1h + 5s) << "it was set back";
}

TEST(ServerClock, WhatIsNoDateChangesNothing) {
    ServerClock clock;
    clock.note(answered_at("Sun, 29 Nov 2026 16:00:00 GMT"));
    clock.note(answered_at("yesterday"));
    clock.note(answered_at(""));
    clock.note({.status = 200, .headers = {}, .body = {}});
    EXPECT_GE(clock.now(), kThen);
    EXPECT_LE(clock.now(), kThen + 5s);
}

}  // namespace
}  // namespace djdb::kube
