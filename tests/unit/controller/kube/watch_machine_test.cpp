#include "controller/kube/watch/watch_machine.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace djdb::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Row {
    const char* name;
    WatchInput input;
    StoreChange change;
    NextMove next;
    milliseconds wait;
    const char* version;
};

TEST(WatchMachine, EachInputFromAQuietState) {
    const WatchState quiet{.resource_version = "7", .failures = 0};
    const std::vector<Row> rows{
        {"listed", Listed{"9"}, StoreChange::Replace, NextMove::OpenWatch, {}, "9"},
        {"list refused", ListRefused{}, StoreChange::None, NextMove::List, milliseconds{800}, "7"},
        {"added",
         WatchEvent{EventType::Added, "8"},
         StoreChange::Upsert,
         NextMove::ReadOn,
         {},
         "8"},
        {"modified",
         WatchEvent{EventType::Modified, "8"},
         StoreChange::Upsert,
         NextMove::ReadOn,
         {},
         "8"},
        {"deleted",
         WatchEvent{EventType::Deleted, "8"},
         StoreChange::Erase,
         NextMove::ReadOn,
         {},
         "8"},
        {"bookmark",
         WatchEvent{EventType::Bookmark, "8"},
         StoreChange::None,
         NextMove::ReadOn,
         {},
         "8"},
        {"unknown",
         WatchEvent{EventType::Unknown, "8"},
         StoreChange::None,
         NextMove::ReadOn,
         {},
         "7"},
        {"gone event",
         WatchEvent{EventType::Error, "", true},
         StoreChange::None,
         NextMove::List,
         {},
         ""},
        {"gone", WatchRefused{true}, StoreChange::None, NextMove::List, {}, ""},
        {"error event",
         WatchEvent{EventType::Error, "", false},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
        {"throttled",
         WatchRefused{false},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
        {"the past",
         WatchEvent{EventType::Modified, "6"},
         StoreChange::None,
         NextMove::List,
         {},
         ""},
        {"bookmark of the past",
         WatchEvent{EventType::Bookmark, "6"},
         StoreChange::None,
         NextMove::List,
         {},
         ""},
        {"the same again",
         WatchEvent{EventType::Modified, "7"},
         StoreChange::Upsert,
         NextMove::ReadOn,
         {},
         "7"},
        {"unusable", UnusableEvent{}, StoreChange::None, NextMove::List, {}, ""},
        {"silent for long",
         WatchEnded{false, seconds{300}, true},
         StoreChange::None,
         NextMove::List,
         {},
         ""},
        {"silent for a moment",
         WatchEnded{true, seconds{5}, true},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
        {"ended", WatchEnded{false, seconds{300}}, StoreChange::None, NextMove::OpenWatch, {}, "7"},
        {"ended immediately",
         WatchEnded{false, milliseconds{5}},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
        {"cut",
         WatchEnded{true, seconds{5}},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        const auto decision = step(quiet, row.input);
        EXPECT_EQ(decision.change, row.change);
        EXPECT_EQ(decision.next, row.next);
        EXPECT_EQ(decision.wait, row.wait);
        EXPECT_EQ(decision.state.resource_version, row.version);
    }
}

TEST(WatchMachine, RefusalsNeverListAndWaitLongerUpToTheCap) {
    WatchState state{.resource_version = "7", .failures = 0};
    milliseconds last{0};
    for (int i = 0; i < 50; ++i) {
        const auto decision = step(state, WatchRefused{false});
        EXPECT_EQ(decision.next, NextMove::OpenWatch);
        EXPECT_GE(decision.wait, last);
        EXPECT_LE(decision.wait, seconds{30});
        last = decision.wait;
        state = decision.state;
    }
    EXPECT_EQ(last, seconds{30});
}

TEST(WatchMachine, GoneAgainAndAgainDoesNotListInAStorm) {
    auto decision = step({.resource_version = "7", .failures = 0}, WatchRefused{true});
    EXPECT_EQ(decision.wait, milliseconds{0});
    decision = step(decision.state, Listed{"9"});
    decision = step(decision.state, WatchRefused{true});
    EXPECT_EQ(decision.next, NextMove::List);
    EXPECT_GT(decision.wait, milliseconds{0});
}

TEST(WatchMachine, ComparesVersionsAsNumbersAndOthersNotAtAll) {
    EXPECT_TRUE(is_older("9", "10"));
    EXPECT_TRUE(is_older("99999999999999999999", "100000000000000000000"));
    EXPECT_FALSE(is_older("10", "9"));
    EXPECT_FALSE(is_older("10", "10"));
    EXPECT_FALSE(is_older("a", "b"));
    EXPECT_FALSE(is_older("", "1"));
    EXPECT_FALSE(is_older("1", ""));
}

TEST(WatchMachine, ACutAfterTwoHealthyMinutesStartsTheWaitsAnew) {
    const auto decision =
        step({.resource_version = "7", .failures = 9}, WatchEnded{true, seconds{120}});
    EXPECT_EQ(decision.wait, milliseconds{800});
}

}  // namespace
}  // namespace djdb::kube
