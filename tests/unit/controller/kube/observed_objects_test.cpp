// A migration Pod's answer comes from the tenant's program: whatever it says, the Job is judged.
#include "controller/kube/objects/observed_objects.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

using nlohmann::json;

MigrationJob judged(const std::string& condition, const std::string& answer) {
    const json job{
        {"metadata", {{"name", "job"}, {"labels", nullptr}}},
        {"status", {{"conditions", {{{"type", condition}, {"status", "True"}}}}}}};
    auto pod = std::make_shared<const json>(json{
        {"metadata", {{"name", "pod"}}},
        {"status",
         {{"containerStatuses",
           {{{"state", {{"terminated", {{"exitCode", 0}, {"message", answer}}}}}}}}}}});
    return decode_migration_job(job, {std::move(pod)});
}

TEST(MigrationAnswer, CountsWhenItSaysOk) {
    const auto job = judged("Complete", R"({"ok":true,"leaves":["shop.0002"],"message":"done"})");
    EXPECT_EQ(job.state, JobState::Succeeded);
    EXPECT_EQ(job.leaves, std::vector<std::string>{"shop.0002"});
    EXPECT_EQ(job.message, "done");
}

TEST(MigrationAnswer, AnythingElseIsNoSuccess) {
    for (const auto& answer :
         {std::string(""),
          std::string("good day"),
          std::string("null"),
          std::string("[true]"),
          std::string("{}"),
          std::string(R"({"ok":"true"})"),
          std::string(R"({"ok":1})"),
          std::string(R"({"ok":null})"),
          std::string(R"({"ok":false,"reason":5,"message":{"a":1},"leaves":"x","applied":7})"),
          std::string("{\"ok\":true,\"message\":\"\xff\"}"),
          R"({"ok":true,"leaves":)" + std::string(2000, '[') + std::string(2000, ']') + "}"}) {
        const auto job = judged("Complete", answer);
        EXPECT_EQ(job.state, JobState::Failed) << answer;
        EXPECT_TRUE(job.leaves.empty()) << answer;
    }
}

TEST(MigrationAnswer, AFailedJobKeepsItsReasonWhateverTheAnswer) {
    EXPECT_EQ(
        judged("Failed", R"({"ok":true,"reason":["x"],"message":null})").state, JobState::Failed
    );
    EXPECT_EQ(judged("Failed", R"({"reason":"Unapplied"})").reason, "Unapplied");
}

}  // namespace
}  // namespace djdb::kube
