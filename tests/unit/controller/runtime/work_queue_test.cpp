#include "controller/runtime/work_queue.hpp"

#include "controller/runtime/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace djdb::runtime {
namespace {

using Queue = WorkQueue<std::string>;
using std::chrono::hours;

TEST(WorkQueue, MergesDuplicates) {
    Queue queue;
    queue.add("a");
    queue.add("a");
    EXPECT_EQ(queue.size(), 1U);
}

TEST(WorkQueue, KeepsTheEarlierTime) {
    Queue queue;
    queue.add("later", Queue::Clock::now() + hours{1});
    queue.add("later");
    EXPECT_EQ(queue.take({}), "later");
    queue.add("now");
    queue.add("now", Queue::Clock::now() + hours{1});
    EXPECT_EQ(queue.take({}), "now");
}

TEST(WorkQueue, HoldsAKeyBackWhileItIsWorkedOn) {
    Queue queue;
    queue.add("a");
    ASSERT_EQ(queue.take({}), "a");
    queue.add("a");
    queue.add("b");
    EXPECT_EQ(queue.take({}), "b");
    EXPECT_EQ(queue.size(), 1U);
    queue.done("a");
    EXPECT_EQ(queue.take({}), "a");
}

TEST(WorkQueue, StopWakesAWaitingTaker) {
    Queue queue;
    std::optional<std::string> taken = "unset";
    std::jthread taker([&](std::stop_token stop) { taken = queue.take(stop); });
    taker.request_stop();
    taker.join();
    EXPECT_EQ(taken, std::nullopt);
}

TEST(WorkQueue, AnEarlierKeyWakesATakerThatWaitsForALaterOne) {
    Queue queue;
    queue.add("far", Queue::Clock::now() + hours{1});
    std::optional<std::string> taken;
    std::jthread taker([&](std::stop_token stop) { taken = queue.take(stop); });
    queue.add("near");
    taker.join();
    EXPECT_EQ(taken, "near");
}

TEST(WorkerPool, NeverRunsAKeyTwiceAtOnceAndLosesNone) {
    WorkQueue<int> queue;
    constexpr int kKeys = 5;
    std::atomic<int> running[kKeys] = {};
    std::atomic<int> overlaps = 0;
    std::atomic<int> done[kKeys] = {};
    {
        WorkerPool<int> pool(queue, 4, [&](const int& key, const std::stop_token&) {
            overlaps += running[key].fetch_add(1) == 0 ? 0 : 1;
            std::this_thread::yield();
            ++done[key];
            --running[key];
        });
        for (int i = 0; i < 2000; ++i) {
            queue.add(i % kKeys);
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
