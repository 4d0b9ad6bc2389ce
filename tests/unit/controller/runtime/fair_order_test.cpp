// What holds its own up holds nobody else up.
#include "controller/runtime/fair_order.hpp"

#include <gtest/gtest.h>

namespace djdb::runtime {
namespace {

using namespace std::chrono_literals;

/// "server/space/name".
Place place_of(const std::string& key) {
    const auto first = key.find('/');
    return {key.substr(0, first), key.substr(first + 1, key.rfind('/') - first - 1)};
}

class Order : public testing::Test {
  protected:
    Order() { order_.set_places(place_of); }

    void add(const std::string& prefix, int count) {
        for (int i = 0; i < count; ++i) {
            order_.add(prefix + std::to_string(i));
        }
    }
    std::string take() { return order_.take(now_).value_or("none"); }
    std::vector<std::string> take_in_turn(int count) {
        std::vector<std::string> taken;
        for (int i = 0; i < count; ++i) {
            taken.push_back(take());
            done(taken.back());
        }
        return taken;
    }
    void done(const std::string& key, std::chrono::milliseconds took = 10ms) {
        now_ += took;
        order_.done(key, now_);
    }

    FairOrder<std::string> order_{{.workers = 4, .long_run = 2s}};
    FairOrder<std::string>::TimePoint now_{1h};
};

TEST_F(Order, NoServerHasAllWorkers) {
    add("sick/a/", 100);
    EXPECT_EQ(take(), "sick/a/0");
    EXPECT_EQ(take(), "sick/a/1");
    EXPECT_EQ(take(), "sick/a/2");
    EXPECT_FALSE(order_.has_next());
    EXPECT_EQ(take(), "none");
    order_.add("good/b/0");
    EXPECT_TRUE(order_.has_next());
    EXPECT_EQ(take(), "good/b/0");
    done("sick/a/0");
    EXPECT_EQ(take(), "sick/a/3");
}

TEST_F(Order, ANewServerGoesBeforeAllThatAnotherHasWaiting) {
    add("big/a/", 100);
    take();
    order_.add("small/b/0");
    EXPECT_EQ(take(), "small/b/0");
}

TEST_F(Order, ServersAndTheirSpacesTakeTurns) {
    add("one/a/", 3);
    add("one/b/", 1);
    add("two/a/", 2);
    const auto taken = take_in_turn(6);
    EXPECT_EQ(
        taken,
        (std::vector<std::string>{"one/a/0", "two/a/0", "one/b/0", "two/a/1", "one/a/1", "one/a/2"})
    );
}

TEST_F(Order, WhatWasLongSharesOneWorkerOfItsServer) {
    add("sick/a/", 3);
    for (const auto* key : {"sick/a/0", "sick/a/1", "sick/a/2"}) {
        EXPECT_EQ(take(), key);
        done(key, 5s);
    }
    add("sick/a/", 4);
    EXPECT_EQ(take(), "sick/a/3") << "nothing is known of it";
    EXPECT_EQ(take(), "sick/a/0");
    EXPECT_EQ(take(), "none");
    done("sick/a/0");
    EXPECT_EQ(take(), "sick/a/1");
    // It was quick this time.
    order_.add("sick/a/0");
    EXPECT_EQ(take(), "sick/a/0");
}

TEST_F(Order, WhatGoesOnComesBeforeWhatBegins) {
    add("one/a/", 2);
    add("one/b/", 1);
    order_.add("one/a/begun", Entry::GoesOn);
    add("two/a/", 1);
    const auto taken = take_in_turn(5);
    EXPECT_EQ(
        taken, (std::vector<std::string>{"one/a/begun", "two/a/0", "one/b/0", "one/a/0", "one/a/1"})
    ) << "of its server; another server has its turn";
}

TEST_F(Order, WhatWasLongWaitsWithItsLikeAlsoWhenItGoesOn) {
    add("sick/a/", 2);
    EXPECT_EQ(take(), "sick/a/0");
    done("sick/a/0", 5s);
    EXPECT_EQ(take(), "sick/a/1");
    done("sick/a/1", 5s);
    order_.add("sick/a/0", Entry::GoesOn);
    order_.add("sick/a/1", Entry::GoesOn);
    EXPECT_EQ(take(), "sick/a/0");
    EXPECT_EQ(take(), "none");
}

TEST_F(Order, OneWorkerIsEnoughForOneServer) {
    FairOrder<std::string> alone({.workers = 1});
    alone.set_places(place_of);
    alone.add("one/a/0");
    EXPECT_EQ(alone.take(now_), "one/a/0");
}

}  // namespace
}  // namespace djdb::runtime
