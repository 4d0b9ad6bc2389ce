#include "controller/kube/watch_machine.hpp"

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
         WatchEvent{EventType::Added, "8", 0},
         StoreChange::Upsert,
         NextMove::ReadOn,
         {},
         "8"},
        {"modified",
         WatchEvent{EventType::Modified, "8", 0},
         StoreChange::Upsert,
         NextMove::ReadOn,
         {},
         "8"},
        {"deleted",
         WatchEvent{EventType::Deleted, "8", 0},
         StoreChange::Erase,
         NextMove::ReadOn,
         {},
         "8"},
        {"bookmark",
         WatchEvent{EventType::Bookmark, "8", 0},
         StoreChange::None,
         NextMove::ReadOn,
         {},
         "8"},
        {"unknown",
         WatchEvent{EventType::Unknown, "8", 0},
         StoreChange::None,
         NextMove::ReadOn,
         {},
         "7"},
        {"gone event",
         WatchEvent{EventType::Error, "", 410},
         StoreChange::None,
         NextMove::List,
         {},
         ""},
        {"gone", WatchRefused{410}, StoreChange::None, NextMove::List, {}, ""},
        {"error event",
         WatchEvent{EventType::Error, "", 500},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
        {"throttled",
         WatchRefused{429},
         StoreChange::None,
         NextMove::OpenWatch,
         milliseconds{800},
         "7"},
        {"ended", WatchEnded{false, seconds{300}}, StoreChange::None, NextMove::OpenWatch, {}, "7"},
        {"ended at once",
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
        auto decision = step(state, WatchRefused{429});
        EXPECT_EQ(decision.next, NextMove::OpenWatch);
        EXPECT_GE(decision.wait, last);
        EXPECT_LE(decision.wait, seconds{30});
        last = decision.wait;
        state = decision.state;
    }
    EXPECT_EQ(last, seconds{30});
}

TEST(WatchMachine, GoneAgainAndAgainDoesNotListInAStorm) {
    auto decision = step({.resource_version = "7", .failures = 0}, WatchRefused{410});
    EXPECT_EQ(decision.wait, milliseconds{0});
    decision = step(decision.state, Listed{"9"});
    decision = step(decision.state, WatchRefused{410});
    EXPECT_EQ(decision.next, NextMove::List);
    EXPECT_GT(decision.wait, milliseconds{0});
}

TEST(WatchMachine, ACutAfterTwoHealthyMinutesStartsTheWaitsAnew) {
    const auto decision =
        step({.resource_version = "7", .failures = 9}, WatchEnded{true, seconds{120}});
    EXPECT_EQ(decision.wait, milliseconds{800});
}

}  // namespace
}  // namespace djdb::kube
