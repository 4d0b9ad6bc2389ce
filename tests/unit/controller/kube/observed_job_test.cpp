// What becomes of a migration Job's end: its Pod's answer, and the ends without one.
#include "controller/kube/objects/observed_objects.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace djdb::kube {
namespace {

using nlohmann::json;

json a_job(const std::string& condition, const std::string& reason = "") {
    auto job = json::parse(R"({
        "metadata": {"name": "shop-migrate-1", "labels": {}, "annotations": {}},
        "spec": {"template": {"spec": {"containers": [{"name": "web"}]}}},
        "status": {"conditions": [{"status": "True", "message": "of the Job controller",
                                   "lastTransitionTime": "2026-11-24T02:17:41Z"}]}})");
    job["status"]["conditions"][0]["type"] = condition;
    job["status"]["conditions"][0]["reason"] = reason;
    return job;
}

json a_container(
    const std::string& name, int exit_code, const std::string& reason, const std::string& message
) {
    return {
        {"name", name},
        {"state",
         {{"terminated", {{"exitCode", exit_code}, {"reason", reason}, {"message", message}}}}}};
}

MigrationJob decode(const json& job, std::vector<json> containers) {
    const json pod{{"status", {{"containerStatuses", std::move(containers)}}}};
    return decode_migration_job(job, {std::make_shared<const json>(pod)});
}

MigrationJob decode_failed(int exit_code, const std::string& reason, const std::string& message) {
    return decode(
        a_job("Failed", "BackoffLimitExceeded"), {a_container("web", exit_code, reason, message)}
    );
}

MigrationJob decode_succeeded(const std::string& message) {
    return decode(a_job("Complete"), {a_container("web", 0, "Completed", message)});
}

TEST(ObservedJob, ReadsTheAnswer) {
    const auto job = decode_failed(
        85, "Error", R"({"v":1,"ok":false,"reason":"LockTimeout","message":"orders waits"})"
    );
    EXPECT_EQ(job.state, JobState::Failed);
    EXPECT_EQ(job.exit_code, 85);
    EXPECT_EQ(job.reason, "LockTimeout");
    EXPECT_EQ(job.message, "orders waits");
}

// The text is that of containerd and runc for an image whose python3 is in no folder of PATH.
TEST(ObservedJob, SaysWhatAnImageWithoutPythonOnPathNeeds) {
    const auto job = decode_failed(
        128,
        "StartError",
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
        "runc create failed: unable to start container process: exec: \"python3\": executable file "
        "not found in $PATH: unknown"
    );
    EXPECT_EQ(job.reason, "StartError");
    EXPECT_EQ(job.exit_code, 128);
    EXPECT_NE(job.message.find("no python3 on PATH"), std::string::npos) << job.message;
    EXPECT_NE(job.message.find("Set env PATH in the Pod template"), std::string::npos);
}

TEST(ObservedJob, PassesOnAnotherStartError) {
    const auto job = decode_failed(128, "StartError", "exec /usr/bin/python3: exec format error");
    EXPECT_EQ(job.message, "exec /usr/bin/python3: exec format error");
}

TEST(ObservedJob, TellsWhereAKillCameIn) {
    const auto job = decode_failed(
        137,
        "OOMKilled",
        R"({"ok":false,"reason":"InProgress","message":"","stage":"migrate","migration":"a.2"})"
    );
    EXPECT_EQ(job.reason, "OOMKilled");
    EXPECT_EQ(
        job.message,
        "the container ended with exit code 137 before it was done, at stage migrate in a.2"
    );
}

TEST(ObservedJob, IsNoSuccessWithoutAnAnswerThatSaysSo) {
    for (const auto* answer :
         {"",
          "done",
          "[]",
          "{}",
          R"({"ok":"yes","leaves":["a.1"]})",
          R"({"ok":false,"reason":"InProgress","stage":"migrate"})",
          R"({"ok":7,"message":7,"leaves":7,"leaves_crc32":7})"}) {
        EXPECT_EQ(decode_succeeded(answer).state, JobState::Failed) << answer;
    }
}

TEST(ObservedJob, ReadsHashesOfLeaves) {
    const auto job = decode_succeeded(R"({"ok":true,"leaves_crc32":"0000000fcbf43926"})");
    EXPECT_EQ(job.state, JobState::Succeeded);
    EXPECT_EQ(job.leaf_hashes, (std::vector<std::uint32_t>{15, 0xCBF43926}));
}

TEST(ObservedJob, ReadsNoHashFromATextThatIsNotWhole) {
    for (const auto* text : {"0000000fcbf4392", "0000000fcbf4392x", "-000000f", "0x00000f"}) {
        EXPECT_TRUE(
            decode_succeeded(json{{"ok", true}, {"leaves_crc32", text}}.dump()).leaf_hashes.empty()
        ) << text;
    }
}

TEST(ObservedJob, IgnoresContainersThatAdmissionPutBesideItsOwn) {
    const auto job = decode(
        a_job("Complete"),
        {a_container("web", 0, "Completed", R"({"ok":true,"leaves":["orders.1"]})"),
         a_container("zz-proxy", 0, "Completed", "")}
    );
    EXPECT_EQ(job.state, JobState::Succeeded);
    EXPECT_EQ(job.leaves, std::vector<std::string>{"orders.1"});
}

TEST(ObservedJob, ADeadlineIsNoInterruptionToRetry) {
    const auto job = decode(
        a_job("Failed", "DeadlineExceeded"),
        {a_container("web", 86, "Error", R"({"ok":false,"reason":"Interrupted"})")}
    );
    EXPECT_EQ(job.reason, "DeadlineExceeded");
    EXPECT_EQ(job.exit_code, 0);
    EXPECT_NE(job.message.find("spec.migrations.deadline"), std::string::npos);
}

TEST(ObservedJob, ADeadlineDoesNotHideThatAPersonIsNeeded) {
    const auto job = decode(
        a_job("Failed", "DeadlineExceeded"),
        {a_container("web", 89, "Error", R"({"ok":false,"reason":"PartiallyApplied"})")}
    );
    EXPECT_EQ(job.reason, "PartiallyApplied");
}

TEST(ObservedJob, CutsAMessageBetweenCharacters) {
    std::string long_message = "x";
    for (int i = 0; i < 400; ++i) {
        long_message += "\xD0\x96";  // a letter of two bytes
    }
    const auto job = decode_failed(88, "Error", json{{"message", long_message}}.dump());
    EXPECT_EQ(job.message.size(), 499U);
    EXPECT_NO_THROW((void)json(job.message).dump());
}

}  // namespace
}  // namespace djdb::kube
