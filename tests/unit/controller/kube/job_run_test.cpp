// What is read of a Job and its Pods, and by whom it is asked for. What it means: reconcilers/jobs/answer.
#include "controller/kube/objects/job_run.hpp"

#include "controller/kube/objects/fields.hpp"
#include "crds/api.hpp"
#include "crds/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace djdb::kube {
namespace {

using nlohmann::json;

json a_job() {
    return json::parse(R"({
        "metadata": {"name": "shop-migrate-1", "namespace": "apps", "uid": "u-1",
                     "creationTimestamp": "2026-11-24T02:17:00Z",
                     "labels": {"djangodb.io/revision": "r1", "djangodb.io/owned-by": "shop"},
                     "annotations": {"djangodb.io/image": "shop:v2", "djangodb.io/attempt": "3"}},
        "spec": {"activeDeadlineSeconds": 3600, "template": {"spec": {"containers": [{"name": "web"}]}}},
        "status": {"conditions": []}})");
}

json with_condition(const std::string& type, const std::string& reason) {
    auto job = a_job();
    job["status"]["conditions"].push_back(
        {{"type", type},
         {"status", "True"},
         {"reason", reason},
         {"lastTransitionTime", "2026-11-24T02:17:41Z"}}
    );
    return job;
}

JobRun decode(const json& job, const std::vector<json>& pods = {}) {
    std::vector<std::shared_ptr<const json>> pointers;
    for (const auto& pod : pods) {
        pointers.push_back(std::make_shared<const json>(pod));
    }
    return decode_job(JobKind::Migrate, job, pointers);
}

TEST(JobRun, IsReadFromLabelsAnnotationsAndSpec) {
    auto job = a_job();
    const auto run = decode(job);
    EXPECT_EQ(run.name, "shop-migrate-1");
    EXPECT_EQ(run.uid.str(), "u-1");
    EXPECT_EQ(run.revision.str(), "r1");
    EXPECT_EQ(run.image.str(), "shop:v2");
    EXPECT_EQ(run.attempt, 3);
    EXPECT_EQ(run.created, parse_time("2026-11-24T02:17:00Z"));
    EXPECT_TRUE(run.has_deadline);
    EXPECT_FALSE(run.expires || run.being_deleted);
    EXPECT_TRUE(run.pods.empty());
    job["spec"]["ttlSecondsAfterFinished"] = 60;
    job["spec"].erase("activeDeadlineSeconds");
    job["metadata"]["deletionTimestamp"] = "2026-11-24T02:17:00Z";
    EXPECT_TRUE(decode(job).expires);
    EXPECT_TRUE(decode(job).being_deleted);
    EXPECT_FALSE(decode(job).has_deadline);
}

TEST(JobRun, PodThatIsToEndSaysWhereItIsAndUntilWhen) {
    auto pod = json::parse(
        R"({"metadata": {"name": "shop-migrate-1-x", "uid": "p-1"}, "spec": {}, "status": {}})"
    );
    auto read = decode(a_job(), {pod}).pods.at(0);
    EXPECT_EQ(read.name, "shop-migrate-1-x");
    EXPECT_EQ(read.node, "");
    EXPECT_FALSE(read.grace_ends);
    pod["spec"]["nodeName"] = "node-7";
    pod["metadata"]["deletionTimestamp"] = "2026-11-24T02:17:30Z";
    read = decode(a_job(), {pod}).pods.at(0);
    EXPECT_EQ(read.node, "node-7");
    EXPECT_EQ(read.grace_ends, parse_time("2026-11-24T02:17:30Z"));
}

TEST(JobRun, PodOfADeletedJobOfItsNameIsNotIts) {
    const auto pod = [](const std::string& controller) {
        return json{
            {"metadata",
             {{"uid", controller},
              {"labels", {{kJobNameLabel, "shop-migrate-1"}}},
              {"ownerReferences", {{{"uid", controller}, {"controller", true}}}}}},
            {"spec", json::object()},
            {"status", json::object()}};
    };
    const std::vector<json> pods{pod("u-0"), pod("u-1")};
    for (const auto& run : {decode(a_job(), pods), decode_job(JobKind::Migrate, a_job(), pods)}) {
        ASSERT_EQ(run.pods.size(), 1U);
        EXPECT_EQ(run.pods.front().uid.str(), "u-1");
    }
}

TEST(JobRun, HasTheStateThatTheJobControllerSays) {
    EXPECT_EQ(decode(a_job()).state, JobState::Running);
    const auto complete = decode(with_condition("Complete", "CompletionsReached"));
    EXPECT_EQ(complete.state, JobState::Complete);
    EXPECT_EQ(complete.finished, parse_time("2026-11-24T02:17:41Z"));
    EXPECT_EQ(complete.failure_reason, "");
    const auto failed = decode(with_condition("Failed", "DeadlineExceeded"));
    EXPECT_EQ(failed.state, JobState::Failed);
    EXPECT_EQ(failed.finished, parse_time("2026-11-24T02:17:41Z"));
    EXPECT_EQ(failed.failure_reason, "DeadlineExceeded");
    const auto failing = decode(with_condition("FailureTarget", "DeadlineExceeded"));
    EXPECT_EQ(failing.state, JobState::Running) << "its Pods have not ended yet";
    EXPECT_EQ(failing.failure_reason, "DeadlineExceeded");
}

TEST(JobRun, HasTheEndOfItsOwnContainerAlone) {
    const auto pod = json::parse(R"({"status": {"phase": "Running", "containerStatuses": [
        {"name": "a-proxy", "state": {"terminated": {"exitCode": 7}}},
        {"name": "web", "state": {"terminated": {"exitCode": 85, "reason": "Error", "message": "said",
                                                 "finishedAt": "2026-11-24T02:17:41Z"}}},
        {"name": "z-proxy", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such"}}}]}})"
    );
    const auto run = decode(a_job(), {pod});
    ASSERT_EQ(run.pods.size(), 1U);
    const auto& found = run.pods.front();
    ASSERT_TRUE(found.end);
    EXPECT_EQ(found.end->exit_code, 85);
    EXPECT_EQ(found.end->reason, "Error");
    EXPECT_EQ(found.end->answer_text, "said");
    EXPECT_EQ(found.end->finished, parse_time("2026-11-24T02:17:41Z"));
    EXPECT_FALSE(found.waiting) << "another container's";
    EXPECT_TRUE(found.has_started);
    EXPECT_FALSE(found.is_over);
    EXPECT_TRUE(found.others_run);
    auto all_ended = pod;
    all_ended["status"]["containerStatuses"].erase(2);
    EXPECT_FALSE(decode(a_job(), {all_ended}).pods.front().others_run);
}

TEST(JobRun, HasWhatItsPodsWaitFor) {
    const auto run = decode(
        a_job(),
        {json::parse(R"({"status": {"phase": "Pending", "containerStatuses": [
            {"name": "web", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such"}}}]}})"
         ),
         json::parse(
             R"({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": "0/1 nodes"}]}})"
         ),
         json::parse(R"({"status": {"phase": "Failed"}})"),
         json::parse("{}")}
    );
    ASSERT_EQ(run.pods.size(), 4U);
    ASSERT_TRUE(run.pods[0].waiting);
    EXPECT_EQ(run.pods[0].waiting->reason, "ErrImagePull");
    EXPECT_EQ(run.pods[0].waiting->message, "no such");
    ASSERT_TRUE(run.pods[1].unscheduled);
    EXPECT_EQ(run.pods[1].unscheduled->message, "0/1 nodes");
    EXPECT_TRUE(run.pods[2].is_over);
    EXPECT_FALSE(run.pods[3].is_over || run.pods[3].end || run.pods[3].waiting);
    for (const auto& pod : run.pods) {
        EXPECT_FALSE(pod.has_started);
    }
}

TEST(JobRun, SaysWhatItsInitContainersKeepItFrom) {
    auto pod = json::parse(R"({"status": {"phase": "Pending",
        "initContainerStatuses": [
            {"name": "proxy", "started": true, "state": {"running": {"startedAt": "x"}}},
            {"name": "settings", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such"}}}],
        "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "PodInitializing"}}}]}})"
    );
    const auto waiting = decode(a_job(), {pod}).pods.front().waiting;
    ASSERT_TRUE(waiting);
    EXPECT_EQ(waiting->reason, "ImagePullBackOff");
    EXPECT_EQ(waiting->message, "init container \"settings\": no such");

    pod["status"]["phase"] = "Failed";
    pod["status"]["initContainerStatuses"][1]["state"] = {
        {"terminated",
         {{"exitCode", 3}, {"reason", "Error"}, {"finishedAt", "2026-11-24T02:17:41Z"}}}};
    const auto ended = decode(a_job(), {pod}).pods.front();
    ASSERT_TRUE(ended.end);
    EXPECT_EQ(ended.end->reason, kInitContainerFailed);
    EXPECT_EQ(ended.end->answer_text, "init container \"settings\" ended with exit code 3");
    EXPECT_EQ(ended.end->finished, parse_time("2026-11-24T02:17:41Z"));

    pod["status"]["phase"] = "Pending";
    EXPECT_FALSE(decode(a_job(), {pod}).pods.front().end) << "a native sidecar is started again";

    pod["status"]["initContainerStatuses"][1]["state"] = {{"running", {{"startedAt", "x"}}}};
    const auto running = decode(a_job(), {pod}).pods.front().waiting;
    ASSERT_TRUE(running);
    EXPECT_EQ(running->reason, kInitContainerRunning);
    EXPECT_EQ(running->message, "init container \"settings\"");
    pod["status"]["initContainerStatuses"][1]["started"] = true;
    EXPECT_EQ(decode(a_job(), {pod}).pods.front().waiting->reason, "PodInitializing");
}

TEST(JobRun, ShowsTheWordsOfABackupsContainersAlone) {
    auto pod = json::parse(R"({"status": {"phase": "Failed",
        "initContainerStatuses": [
            {"name": "djangodb-dump", "state": {"terminated":
                {"exitCode": 1, "reason": "Error", "message": "pg_dump: error: permission denied"}}}],
        "containerStatuses": [{"name": "djangodb-keep", "state": {"waiting": {"reason": "PodInitializing"}}}]}})"
    );
    const auto text = [&] { return decode(a_job(), {pod}).pods.front().end->answer_text; };
    EXPECT_EQ(
        text(),
        "init container \"djangodb-dump\" ended with exit code 1: pg_dump: error: permission denied"
    );
    pod["status"]["initContainerStatuses"][0]["name"] = "settings";
    EXPECT_EQ(text(), "init container \"settings\" ended with exit code 1");
}

TEST(JobRun, AContainerThatTheKubeletLostHasAnEndWithoutATime) {
    const auto pod = json::parse(R"({"status": {"phase": "Failed", "containerStatuses": [
        {"name": "web", "state": {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown",
                                                 "startedAt": null, "finishedAt": null}}}]}})");
    const auto read = decode(a_job(), {pod}).pods.front();
    ASSERT_TRUE(read.end);
    EXPECT_EQ(read.end->exit_code, 137);
    EXPECT_EQ(read.end->finished, TimePoint{});
}

TEST(JobKinds, AJobWithoutTheLabelMigratesAndOneOfALaterVersionIsNoneOfOurs) {
    EXPECT_EQ(parse_job_kind(label_of(a_job(), api::kJobKindLabel)), JobKind::Migrate);
    auto job = a_job();
    job["metadata"]["labels"][std::string(api::kJobKindLabel)] = to_string(JobKind::Migrate);
    EXPECT_EQ(parse_job_kind(label_of(job, api::kJobKindLabel)), JobKind::Migrate);
    job["metadata"]["labels"][std::string(api::kJobKindLabel)] = "probe-of-2027";
    EXPECT_EQ(parse_job_kind(label_of(job, api::kJobKindLabel)), std::nullopt);
}

TEST(Indexes, FindObjectsByNamespaceAndLabel) {
    runtime::Store store(index_by_label(api::kOwnedByLabel));
    const auto add = [&](const json& object) {
        store.upsert(runtime::store_key(object), std::make_shared<const json>(object));
    };
    add(a_job());
    auto other = a_job();
    other["metadata"]["namespace"] = "elsewhere";
    add(other);
    auto unlabelled = a_job();
    unlabelled["metadata"]["name"] = "nobodys";
    unlabelled["metadata"]["labels"] = nullptr;
    add(unlabelled);
    const auto found = store.list_indexed(index_word(Namespace("apps"), "shop"));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front()->at("metadata").at("namespace"), "apps");
    EXPECT_TRUE(store.list_indexed(index_word(Namespace("apps"), "")).empty());
}

}  // namespace
}  // namespace djdb::kube
