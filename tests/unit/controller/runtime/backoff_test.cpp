#include "controller/runtime/backoff.hpp"

#include <gtest/gtest.h>

#include <string>

namespace djdb::runtime {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, CeilingDoublesUpToTheCap) {
    const BackoffLimits limits;
    EXPECT_EQ(backoff_ceiling(limits, 0), milliseconds{200});
    EXPECT_EQ(backoff_ceiling(limits, 1), milliseconds{400});
    EXPECT_EQ(backoff_ceiling(limits, 7), milliseconds{25'600});
    EXPECT_EQ(backoff_ceiling(limits, 8), milliseconds{30'000});
    EXPECT_EQ(backoff_ceiling(limits, 4'000'000'000U), milliseconds{30'000});
}

TEST(Backoff, StaysBelowTheCeilingAndDiffersBetweenSeeds) {
    Backoff<std::string> one({}, 1);
    Backoff<std::string> two({}, 2);
    bool differs = false;
    for (unsigned i = 0; i < 20; ++i) {
        const auto a = one.next("key");
        const auto b = two.next("key");
        EXPECT_GE(a.count(), 0);
        EXPECT_LE(a, backoff_ceiling({}, i));
        differs = differs || a != b;
    }
    EXPECT_TRUE(differs);
}

TEST(Backoff, CountsEachKeyAloneAndForgetsAfterSuccess) {
    Backoff<std::string> backoff;
    backoff.next("a");
    backoff.next("a");
    backoff.next("b");
    EXPECT_EQ(backoff.failures("a"), 2U);
    EXPECT_EQ(backoff.failures("b"), 1U);
    backoff.reset("a");
    EXPECT_EQ(backoff.failures("a"), 0U);
    EXPECT_EQ(backoff.failures("b"), 1U);
}

}  // namespace
}  // namespace djdb::runtime
