// What a Deployment's status says of its Pods, over every small number that it may hold.
#include "controller/kube/objects/workload.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

using nlohmann::json;

PodsState judged(const json& status, int wanted = 1) {
    return decode_workload({{"metadata", {{"name", "web"}, {"generation", 3}}},
                            {"spec", {{"replicas", wanted}, {"template", json::object()}}},
                            {"status", status}}
    ).pods;
}

TEST(PodsOfADeployment, AreJudgedByTheGenerationThatIsSpokenOf) {
    EXPECT_EQ(judged(nullptr), PodsState::Unseen);
    EXPECT_EQ(judged(json::object()), PodsState::Unseen);
    json status{
        {"observedGeneration", 2},
        {"replicas", 1},
        {"updatedReplicas", 1},
        {"availableReplicas", 1}};
    EXPECT_EQ(judged(status), PodsState::Unseen);
    status["observedGeneration"] = 3;
    EXPECT_EQ(judged(status), PodsState::Complete);
    EXPECT_EQ(judged({{"observedGeneration", 3}}, 0), PodsState::Complete);
    EXPECT_EQ(judged({{"observedGeneration", 3}}), PodsState::Progressing);
}

TEST(PodsOfADeployment, AreCompleteOnlyWithAllOfThemAndNoOther) {
    for (int wanted = 0; wanted <= 2; ++wanted) {
        for (int total = 0; total <= 3; ++total) {
            for (int updated = 0; updated <= total; ++updated) {
                for (int available = 0; available <= total; ++available) {
                    for (int ending = 0; ending <= 1; ++ending) {
                        const auto pods = judged(
                            {{"observedGeneration", 3},
                             {"replicas", total},
                             {"updatedReplicas", updated},
                             {"availableReplicas", available},
                             {"terminatingReplicas", ending}},
                            wanted
                        );
                        const bool all = updated == wanted && total == wanted &&
                                         available >= wanted && ending == 0;
                        EXPECT_EQ(pods == PodsState::Complete, all);
                        EXPECT_EQ(pods == PodsState::Mixed, total > updated);
                        const bool some_miss = updated < wanted || available < wanted;
                        EXPECT_EQ(pods == PodsState::Progressing, total == updated && some_miss);
                    }
                }
            }
        }
    }
}

TEST(PauseOfADeployment, IsAUsersWhenHeOwnsItAndTheGateDidNotMarkIt) {
    json held{
        {"metadata",
         {{"name", "web"},
          {"managedFields",
           {{{"manager", "kustomize-controller"},
             {"fieldsV1", {{"f:spec", {{"f:paused", json::object()}}}}}}}}}},
        {"spec", {{"paused", true}, {"template", json::object()}}}};
    EXPECT_EQ(decode_workload(held).held_by, "kustomize-controller");
    held["metadata"]["annotations"] = {{"djangodb.io/held", "true"}};
    EXPECT_EQ(decode_workload(held).held_by, "") << "who applies paused: false owns the field";
    EXPECT_TRUE(decode_workload(held).hold);
    held["spec"]["paused"] = false;
    EXPECT_FALSE(decode_workload(held).hold) << "a mark alone holds nothing";
    EXPECT_TRUE(decode_workload(held).is_marked);
    held["metadata"] = {{"name", "web"}};
    held["spec"]["paused"] = true;
    EXPECT_EQ(decode_workload(held).held_by, "") << "by the gate of the version before";
}

}  // namespace
}  // namespace djdb::kube
