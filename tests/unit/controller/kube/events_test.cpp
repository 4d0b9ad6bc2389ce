// Which Event says what keeps an object from going on.
#include "controller/kube/objects/events.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace djdb::kube {
namespace {

using nlohmann::json;

json an_event(const std::string& type, const std::string& reason, const std::string& seen) {
    return {
        {"type", type},
        {"reason", reason},
        {"note", reason + " it says"},
        {"metadata", {{"creationTimestamp", "2026-11-24T02:17:00Z"}}},
        {"deprecatedLastTimestamp", seen},
        {"eventTime", nullptr}};
}

const auto kMounting = an_event("Warning", "FailedMount", "2026-11-24T02:17:05Z");

TEST(LastWarning, IsTheLastEventIfThatIsAWarning) {
    const auto scheduled = an_event("Normal", "Scheduled", "2026-11-24T02:17:01Z");
    EXPECT_FALSE(last_warning({}));
    EXPECT_FALSE(last_warning({scheduled}));
    const auto found = last_warning({kMounting, scheduled});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->reason, "FailedMount");
    EXPECT_EQ(found->message, "FailedMount it says");
}

TEST(LastWarning, SaysTheSameOfEachPodThatIsNotMade) {
    auto refused = an_event("Warning", "FailedCreate", "2026-11-24T02:17:05Z");
    refused["regarding"] = {{"name", "web-1"}};
    for (const auto* pod : {"web-1-x7k2p", "web-1-9wsgk"}) {
        refused["note"] = "pods \"" + std::string(pod) + "\" is forbidden: web-1-quota, web-10";
        EXPECT_EQ(
            last_warning({refused})->message, R"(pods "web-1-*" is forbidden: web-1-*, web-10)"
        );
    }
    refused["note"] = "web-1-volume";
    EXPECT_EQ(last_warning({refused})->message, "web-1-volume");
}

TEST(LastWarning, IsOverWhenSomethingHappenedSince) {
    EXPECT_FALSE(last_warning({kMounting, an_event("Normal", "Pulling", "2026-11-24T02:17:06Z")}));
    EXPECT_TRUE(last_warning({kMounting, an_event("Normal", "Pulling", "2026-11-24T02:17:05Z")}))
        << "in the same second";
}

TEST(LastWarning, KnowsTheTimesOfBothForms) {
    auto recent = kMounting;
    recent["deprecatedLastTimestamp"] = nullptr;
    recent["eventTime"] = "2026-11-24T02:17:05.250000Z";
    const auto pulling = an_event("Normal", "Pulling", "2026-11-24T02:17:30Z");
    EXPECT_FALSE(last_warning({recent, pulling}));
    recent["series"] = {{"count", 2}, {"lastObservedTime", "2026-11-24T02:18:00.000000Z"}};
    EXPECT_TRUE(last_warning({recent, pulling}));
}

}  // namespace
}  // namespace djdb::kube
