// An echo is told from what somebody else wrote.
#include "controller/kube/written_statuses.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

using nlohmann::json;

json object_with(const json& status, const char* uid = "1-2-3") {
    return {{"metadata", {{"uid", uid}}}, {"status", status}};
}

TEST(WrittenStatuses, KnowsTheLastOneOfEachResource) {
    const json first{{"phase", "Ready"}, {"databaseOid", "16500"}};
    const json second{{"databaseOid", "16500"}, {"phase", "Pending"}};
    WrittenStatuses written;
    EXPECT_FALSE(written.is_ours(object_with(first)));
    written.note(ResourceUid("1-2-3"), first);
    EXPECT_TRUE(written.is_ours(object_with(first)));
    EXPECT_FALSE(written.is_ours(object_with(first, "4-5-6"))) << "another resource";
    EXPECT_FALSE(written.is_ours(object_with(second)));
    EXPECT_FALSE(written.is_ours(json{{"metadata", {{"uid", "1-2-3"}}}}));
    written.note(ResourceUid("1-2-3"), second);
    EXPECT_TRUE(written.is_ours(object_with(second)));
    EXPECT_FALSE(written.is_ours(object_with(first))) << "somebody set it back";
    written.forget(ResourceUid("1-2-3"));
    EXPECT_FALSE(written.is_ours(object_with(second)));
}

}  // namespace
}  // namespace djdb::kube
