// What the end of a Job means, by the table on top of answer.hpp: our container's answer, and the ends without one.
#include "reconcilers/jobs/answer.hpp"

#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace djdb {
namespace {

using nlohmann::json;

ContainerEnd an_end(int exit_code, const std::string& reason, const std::string& answer) {
    return {exit_code, reason, answer, TimePoint{std::chrono::seconds{7}}};
}

JobRun ended(JobState state, const ContainerEnd& end, const std::string& failure_reason = "") {
    auto job = a_job_run();
    job.state = state;
    job.failure_reason = failure_reason;
    job.pods.front().is_over = state != JobState::Running;
    job.pods.front().end = end;
    return job;
}

JobEnd read_failed(int exit_code, const std::string& reason, const std::string& answer) {
    return read_end(
        ended(JobState::Failed, an_end(exit_code, reason, answer), "BackoffLimitExceeded")
    );
}

JobEnd read_complete(const std::string& answer) {
    return read_end(ended(JobState::Complete, an_end(0, "Completed", answer)));
}

TEST(Answer, IsRead) {
    const auto end = read_failed(
        85, "Error", R"({"v":1,"ok":false,"reason":"LockTimeout","message":"orders waits"})"
    );
    const auto& answer = std::get<Answered>(end);
    EXPECT_FALSE(answer.ok);
    EXPECT_EQ(answer.exit_code, 85);
    EXPECT_EQ(answer.reason, "LockTimeout");
    EXPECT_EQ(answer.message, "orders waits");
    EXPECT_EQ(answer.finished, TimePoint{std::chrono::seconds{7}});
    EXPECT_EQ(explain(end).reason, "LockTimeout");
    EXPECT_EQ(explain(end).message, "orders waits");
}

TEST(Answer, CountsWhenItSaysOk) {
    const auto end =
        read_complete(R"({"ok":true,"leaves":["shop.0002"],"applied":["a.1"],"message":"done"})");
    const auto& answer = std::get<Answered>(end);
    EXPECT_TRUE(answer.ok);
    EXPECT_EQ(answer.leaves, std::vector<std::string>{"shop.0002"});
    EXPECT_EQ(answer.applied, std::vector<std::string>{"a.1"});
    EXPECT_EQ(answer.message, "done");
    EXPECT_TRUE(said_ok(end));
    EXPECT_EQ(explain(end).reason, "");
}

TEST(Answer, SaysWhereItWasAndWhereItsRecordIs) {
    const auto answer = std::get<Answered>(read_complete(
        R"({"ok":true,"leaves":["a.1"],"applied":[],"database":"shop","user":"shop_owner","recorded_in":"data"})"
    ));
    EXPECT_EQ(answer.database, "shop");
    EXPECT_EQ(answer.user, "shop_owner");
    EXPECT_EQ(answer.recorded_in, "data");
    EXPECT_FALSE(answer.has_no_migrations);
}

TEST(Answer, HasNoMigrationsOnlyIfItNamesThemAndThereAreNone) {
    const auto has_none = [](const std::string& text) {
        return std::get<Answered>(read_complete(text)).has_no_migrations;
    };
    EXPECT_TRUE(has_none(R"({"ok":true,"leaves":[],"applied":[],"recorded_in":null})"));
    EXPECT_FALSE(has_none(R"({"ok":true,"applied":[]})")) << "too long for an answer";
    EXPECT_FALSE(has_none(R"({"ok":true,"leaves":[],"applied_count":7})"));
    EXPECT_FALSE(has_none(R"({"ok":true,"leaves":{},"applied":[]})"));
    EXPECT_FALSE(has_none(R"({"ok":true,"leaves":[],"applied":["a.1"]})"));
}

TEST(Answer, AnythingElseIsNoSuccess) {
    for (const auto& text :
         {std::string(""),
          std::string("done"),
          std::string("null"),
          std::string("[true]"),
          std::string("[]"),
          std::string("{}"),
          std::string(R"({"ok":"yes","leaves":["a.1"]})"),
          std::string(R"({"ok":1})"),
          std::string(R"({"ok":null})"),
          std::string(R"({"ok":false,"reason":"InProgress","stage":"migrate"})"),
          std::string(R"({"ok":7,"message":7,"leaves":7,"leaves_crc32":7})"),
          std::string(R"({"ok":false,"reason":5,"message":{"a":1},"leaves":"x","applied":7})"),
          std::string("{\"ok\":true,\"message\":\"\xff\"}"),
          R"({"ok":true,"leaves":)" + std::string(2000, '[') + std::string(2000, ']') + "}"}) {
        const auto end = read_complete(text);
        EXPECT_TRUE(is_over(end)) << text;
        EXPECT_FALSE(said_ok(end)) << text;
        EXPECT_FALSE(explain(end).message.empty()) << text;
    }
}

TEST(Answer, OkIsNotBelievedOfAProgramThatEndedWithAnError) {
    EXPECT_FALSE(said_ok(read_failed(1, "Error", R"({"ok":true,"leaves":["a.1"]})")));
    EXPECT_EQ(explain(read_failed(1, "Error", R"({"reason":"Unapplied"})")).reason, "Unapplied");
    EXPECT_EQ(explain(read_failed(1, "Error", R"({"ok":false})")).reason, "Error");
}

// The text is that of containerd and runc for an image whose python3 is in no folder of PATH.
TEST(NoAnswer, SaysWhatAnImageWithoutPythonOnPathNeeds) {
    const auto end = read_failed(
        128,
        "StartError",
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
        "runc create failed: unable to start container process: exec: \"python3\": executable file "
        "not found in $PATH: unknown"
    );
    const auto& silent = std::get<NoAnswer>(end);
    EXPECT_EQ(silent.reason, "StartError");
    EXPECT_EQ(silent.exit_code, 128);
    EXPECT_NE(silent.message.find("no python3 on PATH"), std::string::npos) << silent.message;
    EXPECT_NE(silent.message.find("Set env PATH in the Pod template"), std::string::npos);
}

TEST(NoAnswer, PassesOnAnotherStartError) {
    EXPECT_EQ(
        explain(read_failed(128, "StartError", "exec /usr/bin/python3: exec format error")).message,
        "exec /usr/bin/python3: exec format error"
    );
}

TEST(NoAnswer, TellsWhereAKillCameIn) {
    const auto end = read_failed(
        137,
        "OOMKilled",
        R"({"ok":false,"reason":"InProgress","message":"","stage":"migrate","migration":"a.2"})"
    );
    const auto& silent = std::get<NoAnswer>(end);
    EXPECT_EQ(silent.exit_code, 137);
    EXPECT_EQ(silent.reason, "OOMKilled");
    EXPECT_EQ(
        silent.message,
        "the container ended with exit code 137 before it was done, at stage migrate in a.2"
    );
}

TEST(NoAnswer, TheExitCodeStillSpeaksWhereNothingCouldBeWritten) {
    const auto end = read_failed(75, "Error", "");
    EXPECT_EQ(std::get<NoAnswer>(end).exit_code, 75);
    EXPECT_EQ(explain(end).message, "the container ended with exit code 75 and gave no answer");
}

TEST(Answer, HoldsHashesOfLeaves) {
    const auto end = read_complete(R"({"ok":true,"leaves_crc32":"0000000fcbf43926"})");
    EXPECT_EQ(std::get<Answered>(end).leaf_hashes, (std::vector<std::uint32_t>{15, 0xCBF43926}));
}

TEST(Answer, HoldsNoHashFromATextThatIsNotWhole) {
    for (const auto* text : {"0000000fcbf4392", "0000000fcbf4392x", "-000000f", "0x00000f"}) {
        const auto end = read_complete(json{{"ok", true}, {"leaves_crc32", text}}.dump());
        EXPECT_TRUE(std::get<Answered>(end).leaf_hashes.empty()) << text;
    }
}

TEST(Answer, IsCutBetweenCharacters) {
    std::string long_message = "x";
    for (int i = 0; i < 400; ++i) {
        long_message += "\xD0\x96";  // a letter of two bytes
    }
    const auto end = read_failed(88, "Error", json{{"message", long_message}}.dump());
    EXPECT_EQ(explain(end).message.size(), 499U);
    EXPECT_NO_THROW((void)json(explain(end).message).dump());
}

// A container that admission put beside ours never ends, so the Job controller says Running.
TEST(EndOfAJob, IsThatOfOurContainer) {
    const auto well = an_end(0, "Completed", R"({"ok":true,"leaves":["orders.1"]})");
    EXPECT_TRUE(said_ok(read_end(ended(JobState::Running, well))));
    EXPECT_TRUE(said_ok(read_end(ended(JobState::Failed, well, "BackoffLimitExceeded"))))
        << "the other one failed";
    EXPECT_TRUE(said_ok(read_end(ended(JobState::Failed, well, "DeadlineExceeded"))))
        << "the other one was stopped";
    const auto failed = an_end(88, "Error", R"({"ok":false,"reason":"MigrationFailed"})");
    EXPECT_EQ(explain(read_end(ended(JobState::Running, failed))).reason, "MigrationFailed");
    EXPECT_EQ(
        explain(read_end(ended(JobState::Failed, failed, "DeadlineExceeded"))).reason,
        "MigrationFailed"
    );
}

TEST(EndOfAJob, ADeadlineIsNoInterruptionToRetry) {
    for (const auto& end :
         {an_end(86, "Error", R"({"ok":false,"reason":"Interrupted"})"),
          an_end(137, "Error", ""),
          an_end(143, "Error", R"({"reason":"InProgress"})")}) {
        const auto read = read_end(ended(JobState::Failed, end, "DeadlineExceeded"));
        EXPECT_TRUE(std::holds_alternative<DeadlineExceeded>(read)) << end.exit_code;
        EXPECT_EQ(explain(read).reason, "DeadlineExceeded");
        EXPECT_NE(explain(read).message.find("spec.migrations.deadline"), std::string::npos);
        // The container has ended, and the Job controller is about to say why.
        const auto earlier = read_end(ended(JobState::Running, end, "DeadlineExceeded"));
        EXPECT_TRUE(std::holds_alternative<Underway>(earlier)) << end.exit_code;
    }
    auto unseen = a_job_run();
    unseen.state = JobState::Failed;
    unseen.failure_reason = "DeadlineExceeded";
    unseen.pods.clear();
    EXPECT_TRUE(std::holds_alternative<DeadlineExceeded>(read_end(unseen)));
}

TEST(EndOfAJob, ADeadlineDoesNotHideThatAPersonIsNeeded) {
    const auto end = an_end(89, "Error", R"({"ok":false,"reason":"PartiallyApplied"})");
    EXPECT_EQ(
        explain(read_end(ended(JobState::Failed, end, "DeadlineExceeded"))).reason,
        "PartiallyApplied"
    );
}

TEST(EndOfAJob, IsLostWithItsPodButNotWhileThatIsStillThere) {
    for (const auto state : {JobState::Complete, JobState::Failed}) {
        auto job = a_job_run();
        job.state = state;
        job.finished = TimePoint{std::chrono::seconds{9}};
        EXPECT_TRUE(std::holds_alternative<Underway>(read_end(job)))
            << "its end is not in the cache";
        job.pods.front().is_over = true;  // evicted
        EXPECT_TRUE(std::holds_alternative<AnswerLost>(read_end(job)));
        job.pods.clear();
        const auto end = read_end(job);
        EXPECT_EQ(std::get<AnswerLost>(end).finished, job.finished);
        EXPECT_EQ(explain(end).reason, "AnswerLost");
    }
}

TEST(EndOfAJob, WaitsForEachOfItsPodsAndTakesTheLastWord) {
    auto job = ended(JobState::Running, an_end(75, "Error", R"({"reason":"LockHeld"})"));
    job.pods.emplace_back();
    EXPECT_TRUE(std::holds_alternative<Underway>(read_end(job))) << "another one migrates";
    job.pods.back().end = an_end(0, "Completed", R"({"ok":true})");
    job.pods.back().end->finished += std::chrono::seconds{1};
    EXPECT_TRUE(said_ok(read_end(job)));
    std::swap(job.pods.front(), job.pods.back());
    EXPECT_TRUE(said_ok(read_end(job))) << "in whatever order they are listed";
}

TEST(EndOfAJob, ARunningOneIsStuckWhenItsPodDoesNotStartByItself) {
    auto job = a_job_run();
    auto& pod = job.pods.front();
    EXPECT_TRUE(std::holds_alternative<Underway>(read_end(job)));
    pod.waiting = Explanation{"ContainerCreating", ""};
    EXPECT_TRUE(std::holds_alternative<Underway>(read_end(job)));
    for (const auto* reason :
         {"ErrImagePull",
          "ImagePullBackOff",
          "ErrImageNeverPull",
          "InvalidImageName",
          "CreateContainerConfigError",
          "CreateContainerError"}) {
        pod.waiting = Explanation{reason, "no such image"};
        EXPECT_EQ(std::get<Stuck>(read_end(job)).why, std::string(reason) + ": no such image");
    }
    pod.waiting = Explanation{"CreateContainerError", "exec: \"python3\": no such file"};
    EXPECT_NE(std::get<Stuck>(read_end(job)).why.find("no python3 on PATH"), std::string::npos);
    pod.waiting.reset();
    pod.unscheduled = Explanation{"Unschedulable", "0/1 nodes"};
    EXPECT_EQ(std::get<Stuck>(read_end(job)).why, "Unschedulable: 0/1 nodes");
    EXPECT_FALSE(is_over(read_end(job)));
    job.pods.clear();
    EXPECT_TRUE(std::holds_alternative<Underway>(read_end(job))) << "none was made yet";
    job.obstacle = Explanation{"FailedCreate", "exceeded quota"};
    EXPECT_EQ(std::get<Stuck>(read_end(job)).why, "FailedCreate: exceeded quota");
}

TEST(EndOfAJob, OfABackupNamesItsDumpOrNone) {
    using nlohmann::json;
    const json whole{
        {"ok", true}, {"file", "shop_1.dump"}, {"bytes", 4096}, {"sha256", std::string(64, 'a')}};
    const auto read = [](const json& answer) {
        auto job = a_job_run();
        end_job(job, 0, answer.dump());
        return std::get<Answered>(read_end(job)).dump;
    };
    EXPECT_EQ(read(whole).file, "shop_1.dump");
    EXPECT_EQ(read(whole).bytes, 4096);
    EXPECT_EQ(read(whole).sha256, std::string(64, 'a'));
    for (const auto& [key, wrong] :
         {std::pair<const char*, json>{"file", ""},
          {"file", 7},
          {"bytes", -1},
          {"bytes", "4096"},
          {"bytes", 18446744073709551615U},
          {"sha256", "aa"},
          {"sha256", std::string(64, 'x')}}) {
        auto answer = whole;
        answer[key] = wrong;
        EXPECT_TRUE(read(answer).file.empty()) << key << " " << wrong;
    }
}

TEST(EndOfAJob, ARunningOneIsLateWhenItsContainerHasNotStartedInTime) {
    auto job = a_job_run();
    job.pods.front().has_started = false;
    EXPECT_FALSE(is_late_to_start(job, job.created + kStartsWithin - std::chrono::seconds{1}));
    const auto late = job.created + kStartsWithin;
    EXPECT_TRUE(is_late_to_start(job, late));
    job.pods.clear();
    EXPECT_TRUE(is_late_to_start(job, late)) << "no Pod was made";
    job.failure_reason = "DeadlineExceeded";
    EXPECT_FALSE(is_late_to_start(job, late)) << "its Pods are being stopped";
    job.failure_reason.clear();
    job.being_deleted = true;
    EXPECT_FALSE(is_late_to_start(job, late));
    job.being_deleted = false;
    job.state = JobState::Failed;
    EXPECT_FALSE(is_late_to_start(job, late));
    EXPECT_FALSE(is_late_to_start(a_job_run(), late)) << "it runs";
}

}  // namespace
}  // namespace djdb
