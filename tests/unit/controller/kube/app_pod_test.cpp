// What the Pods of an app say: which are of this Deployment, and how their containers ended.
#include "controller/kube/objects/app_pod.hpp"

#include "controller/kube/objects/workload.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace djdb::kube {
namespace {

using nlohmann::json;

json a_pod(const json& status = json::object()) {
    return {
        {"metadata",
         {{"name", "web-5f-x"},
          {"labels", {{"pod-template-hash", "5f"}}},
          {"ownerReferences",
           {{{"kind", "ReplicaSet"}, {"name", "web-5f"}, {"controller", true}}}}}},
        {"status", status}};
}

json ended(int exit_code, const char* when) {
    return {{"terminated", {{"reason", "Error"}, {"exitCode", exit_code}, {"finishedAt", when}}}};
}

std::optional<AppPod> decode(const json& pod) {
    return decode_app_pod(pod, ObjectName("web"));
}

TEST(AppPod, IsOfTheDeploymentWhoseReplicaSetMadeIt) {
    ASSERT_TRUE(decode(a_pod()));
    EXPECT_EQ(decode(a_pod())->replica_set, "web-5f");
    EXPECT_FALSE(decode_app_pod(a_pod(), ObjectName("we")));
    auto of_another = a_pod();
    of_another["metadata"]["ownerReferences"][0]["name"] = "web-canary-5f";
    EXPECT_FALSE(decode(of_another));
    auto of_a_job = a_pod();
    of_a_job["metadata"]["ownerReferences"][0]["kind"] = "Job";
    EXPECT_FALSE(decode(of_a_job));
    auto of_nobody = a_pod();
    of_nobody["metadata"].erase("ownerReferences");
    EXPECT_FALSE(decode(of_nobody));
}

TEST(AppPod, ThatEndsOrHasEndedIsLeftOut) {
    for (const auto* phase : {"Succeeded", "Failed"}) {
        EXPECT_FALSE(decode(a_pod({{"phase", phase}}))) << phase;
    }
    auto ending = a_pod();
    ending["metadata"]["deletionTimestamp"] = "2026-12-01T00:00:00Z";
    EXPECT_FALSE(decode(ending));
}

TEST(AppPod, TellsTheLastOfItsContainersThatEndedBadly) {
    const auto pod = decode(a_pod(
        {{"podIPs", {{{"ip", "10.0.0.7"}}, {{"ip", "fd00::7"}}}},
         {"containerStatuses",
          {{{"name", "app"},
            {"restartCount", 2},
            {"lastState", ended(137, "2026-12-01T00:00:05Z")}},
           {{"name", "done"}, {"restartCount", 9}, {"lastState", ended(0, "2026-12-01T00:00:09Z")}},
           {{"name", "proxy"}, {"restartCount", 1}, {"state", ended(1, "2026-12-01T00:00:07Z")}}}}}
    ));
    ASSERT_TRUE(pod);
    EXPECT_EQ(pod->addresses, (std::vector<std::string>{"10.0.0.7", "fd00::7"}));
    EXPECT_EQ(pod->restarts, 12);
    ASSERT_TRUE(pod->last_restart);
    EXPECT_EQ(pod->last_restart->container, "proxy");
    EXPECT_EQ(pod->last_restart->exit_code, 1);
    EXPECT_FALSE(decode(a_pod())->last_restart);
}

TEST(AppPod, IsSelectedAsTheDeploymentSelects) {
    const auto selector = [](const json& value) {
        return decode_workload({{"metadata", {{"name", "web"}}}, {"spec", {{"selector", value}}}}
        ).selector;
    };
    EXPECT_EQ(selector({{"matchLabels", {{"app", "web"}, {"tier", "x"}}}}), "app=web,tier=x");
    EXPECT_EQ(
        selector(
            {{"matchLabels", {{"app", "web"}}},
             {"matchExpressions",
              {{{"key", "tier"}, {"operator", "In"}, {"values", {"a", "b"}}},
               {{"key", "old"}, {"operator", "DoesNotExist"}},
               {{"key", "new"}, {"operator", "Exists"}},
               {{"key", "zone"}, {"operator", "NotIn"}, {"values", {"c"}}}}}}
        ),
        "app=web,tier in (a,b),!old,new,zone notin (c)"
    );
}

}  // namespace
}  // namespace djdb::kube
