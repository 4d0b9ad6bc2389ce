// Which status that a watch brings has been seen to already by the run that wrote it.
#include "reconcilers/resync/tenant_cache.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

class ExpectedStatus : public testing::Test {
  protected:
    static DjangoDatabaseStatus status(std::int64_t generation) {
        DjangoDatabaseStatus status;
        status.observed_generation = generation;
        return status;
    }

    const ObjectKey key_{Namespace("apps"), ObjectName("shop")};
    TenantCache cache_;
};

TEST_F(ExpectedStatus, IsBroughtOnce) {
    EXPECT_FALSE(cache_.is_expected_status(key_, status(1)));
    cache_.expect_status(key_, status(1));
    EXPECT_TRUE(cache_.is_expected_status(key_, status(1)));
    EXPECT_FALSE(cache_.is_expected_status(key_, status(1)))
        << "somebody else wrote the same again";
}

TEST_F(ExpectedStatus, IsTheLastOneAndThatOfItsResource) {
    cache_.expect_status(key_, status(1));
    cache_.expect_status(key_, status(2));
    EXPECT_FALSE(cache_.is_expected_status(key_, status(1)));
    EXPECT_FALSE(cache_.is_expected_status({Namespace("apps"), ObjectName("other")}, status(2)));
    EXPECT_TRUE(cache_.is_expected_status(key_, status(2)));
}

TEST_F(ExpectedStatus, IsNoneBehindARunThatBeganBeforeItCame) {
    cache_.expect_status(key_, status(1));
    cache_.expect_no_status(key_);
    EXPECT_FALSE(cache_.is_expected_status(key_, status(1)))
        << "that run may have judged by the status before";
    cache_.expect_status(key_, status(1));
    cache_.forget(key_);
    EXPECT_FALSE(cache_.is_expected_status(key_, status(1)));
}

}  // namespace
}  // namespace djdb
