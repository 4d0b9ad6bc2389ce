#include "controller/runtime/work_queue.hpp"

#include "controller/runtime/worker_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

namespace djdb::runtime {
namespace {

using Queue = WorkQueue<std::string, char>;

std::string take(Queue& queue) {
    return queue.take({}).value().key;
}
using std::chrono::hours;

TEST(WorkQueue, MergesDuplicates) {
    Queue queue;
    queue.add("a", 'x');
    queue.add("a", 'x');
    EXPECT_EQ(queue.size(), 1U);
}

TEST(WorkQueue, KeepsTheEarlierTime) {
    Queue queue;
    queue.add("later", 'x', Queue::Clock::now() + hours{1});
    queue.add("later", 'x');
    EXPECT_EQ(take(queue), "later");
    queue.add("now", 'x');
    queue.add("now", 'x', Queue::Clock::now() + hours{1});
    EXPECT_EQ(take(queue), "now");
}

TEST(WorkQueue, CarriesTheReasonOfTheEarlierTime) {
    Queue queue;
    queue.add("a", 'l', Queue::Clock::now() + hours{1});
    queue.add("a", 'e');
    queue.add("a", 'd', Queue::Clock::now() + hours{1});
    EXPECT_EQ(queue.take({}).value().why, 'e');
}

TEST(WorkQueue, WhatAskedDuringARunThatIsToGoOnWaitsForTheWatch) {
    Queue queue;
    queue.add("a", 'x');
    EXPECT_EQ(take(queue), "a");
    const auto end = Queue::Clock::now();
    queue.add("a", 'o');
    queue.add("a", 'g', end + hours{1}, Entry::GoesOn);
    queue.done("a");
    EXPECT_EQ(queue.take({}).value().why, 'o');
    EXPECT_GE(Queue::Clock::now(), end + std::chrono::milliseconds{20});
}

TEST(WorkQueue, WhatTheWatchBringsBehindARunThatIsToGoOnIsNotWaitedFor) {
    Queue queue;
    queue.add("a", 'x');
    EXPECT_EQ(take(queue), "a");
    queue.add("a", 'g', Queue::Clock::now() + hours{1}, Entry::GoesOn);
    queue.add("a", 'b');
    queue.done("a");
    EXPECT_EQ(queue.take({}).value().why, 'b');
}

TEST(WorkQueue, GoesOnIfOneOfThoseThatAskedDoes) {
    Queue queue;
    queue.add("begun", 'x');
    ASSERT_EQ(take(queue), "begun");
    queue.add("new", 'x');
    queue.add("begun", 'w');  // its own write, seen by the watch
    queue.add("begun", 'g', Queue::Clock::now(), Entry::GoesOn);
    queue.done("begun");
    EXPECT_EQ(take(queue), "begun");
    EXPECT_EQ(take(queue), "new");
}

TEST(WorkQueue, HoldsAKeyBackWhileItIsWorkedOn) {
    Queue queue;
    queue.add("a", 'x');
    ASSERT_EQ(take(queue), "a");
    queue.add("a", 'x');
    queue.add("b", 'x');
    EXPECT_EQ(take(queue), "b");
    EXPECT_EQ(queue.size(), 1U);
    queue.done("a");
    EXPECT_EQ(take(queue), "a");
}

TEST(WorkQueue, StopWakesAWaitingTaker) {
    Queue queue;
    bool has_taken = true;
    std::jthread taker([&](std::stop_token stop) { has_taken = queue.take(stop).has_value(); });
    taker.request_stop();
    taker.join();
    EXPECT_FALSE(has_taken);
}

TEST(WorkQueue, AnEarlierKeyWakesATakerThatWaitsForALaterOne) {
    Queue queue;
    queue.add("far", 'x', Queue::Clock::now() + hours{1});
    std::string taken;
    std::jthread taker([&] { taken = take(queue); });
    queue.add("near", 'x');
    taker.join();
    EXPECT_EQ(taken, "near");
}

TEST(WorkerPool, NeverRunsAKeyTwiceAtOnceAndLosesNone) {
    WorkQueue<std::size_t, char> queue;
    constexpr std::size_t kKeys = 5;
    std::array<std::atomic<int>, kKeys> running{};
    std::atomic<int> overlaps = 0;
    std::array<std::atomic<int>, kKeys> done{};
    {
        const WorkerPool<std::size_t, char> pool(
            queue,
            4,
            [&](const std::size_t& key, char, const std::stop_token&) {
                overlaps += running[key].fetch_add(1) == 0 ? 0 : 1;
                std::this_thread::yield();
                ++done[key];
                --running[key];
            }
        );
        for (std::size_t i = 0; i < 2000; ++i) {
            queue.add(i % kKeys, 'x');
        }
        while (queue.size() > 0) {
            std::this_thread::yield();
        }
    }
    EXPECT_EQ(overlaps, 0);
    for (const auto& runs : done) {
        EXPECT_GE(runs, 1);
    }
}

}  // namespace
}  // namespace djdb::runtime
