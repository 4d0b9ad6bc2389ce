#include "tests/unit/reconcilers/reason_shown.hpp"

#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace djdb {
namespace {

void check_one(const ReasonShown& row) {
    SCOPED_TRACE(row.sentence);
    auto desired = a_desired();
    auto observed = a_settled_world();
    row.change(desired, observed);
    const auto status = derive_status(desired, observed, assess(desired, observed), {});
    const auto found = std::ranges::find(status.conditions, row.condition, &Condition::type);
    ASSERT_NE(found, status.conditions.end());
    EXPECT_EQ(to_string(found->reason), to_string(row.reason)) << found->message;
    EXPECT_EQ(found->status, row.status);
    EXPECT_FALSE(found->message.empty());
}

}  // namespace

void check(std::span<const ReasonShown> rows) {
    for (const auto& row : rows) {
        check_one(row);
    }
}

}  // namespace djdb
