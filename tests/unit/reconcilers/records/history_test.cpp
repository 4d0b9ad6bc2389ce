// Which records go when another one is made: every history of up to five outcomes, at each limit.
#include "reconcilers/records/history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace djdb {
namespace {

DjangoRelease a_record(
    const std::string& name, ReleaseOutcome outcome = ReleaseOutcome::Succeeded
) {
    DjangoRelease record;
    record.meta.key = {Namespace("apps"), ObjectName(name)};
    record.spec.database_ref.name = "shop";
    record.status.outcome = outcome;
    return record;
}

TEST(History, NumbersAreReadFromNamesOfItsOwn) {
    EXPECT_EQ(number_of(a_record("shop-12")), 12);
    for (const auto* name : {"shop", "shop-", "shop-x", "shop-1x", "other-3", "shop-a-2"}) {
        EXPECT_EQ(number_of(a_record(name)), 0) << name;
    }
}

TEST(History, TheNextNumberIsAboveTheHighest) {
    EXPECT_EQ(next_number({}), 1);
    // By number: by name shop-9 would be the last.
    EXPECT_EQ(next_number({a_record("shop-10"), a_record("shop-9")}), 11);
    EXPECT_EQ(newest({a_record("shop-10"), a_record("shop-9")})->meta.key.name.str(), "shop-10");
    EXPECT_EQ(newest({}), nullptr);
}

constexpr std::array kOutcomes{
    ReleaseOutcome::Stalled, ReleaseOutcome::Succeeded, ReleaseOutcome::Superseded};

TEST(History, TheNewestAndTheLastGoodOneStay) {
    for (std::size_t length = 0; length <= 5; ++length) {
        std::size_t histories = 1;
        for (std::size_t i = 0; i < length; ++i) {
            histories *= kOutcomes.size();
        }
        for (std::size_t history = 0; history < histories; ++history) {
            std::vector<DjangoRelease> records;
            std::size_t last_good = 0;
            auto left = history;
            for (std::size_t i = 1; i <= length; ++i, left /= kOutcomes.size()) {
                const auto outcome = kOutcomes.at(left % kOutcomes.size());
                records.push_back(a_record("shop-" + std::to_string(i), outcome));
                last_good = outcome == ReleaseOutcome::Succeeded ? i : last_good;
            }
            for (std::size_t limit = 1; limit <= length + 1; ++limit) {
                const auto forgotten = to_forget(records, limit);
                for (std::size_t i = 1; i <= length; ++i) {
                    const bool is_recent = length - i + 1 < limit;
                    const bool is_forgotten =
                        std::ranges::find(forgotten, static_cast<std::int64_t>(i), number_of) !=
                        forgotten.end();
                    EXPECT_EQ(is_forgotten, !is_recent && i != last_good)
                        << "shop-" << i << " of " << length << " with limit " << limit
                        << ", history " << history;
                }
            }
        }
    }
}

}  // namespace
}  // namespace djdb
