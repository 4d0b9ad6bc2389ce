// What of a status an older definition takes.
#include "controller/kube/older_definition.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

using nlohmann::json;

json a_status() {
    return json::parse(R"({"phase": "Preflight", "conditions": [
        {"type": "Ready", "reason": "PreflightRunning", "message": "m"},
        {"type": "PreflightPassed", "reason": "PreflightRunning", "message": "m"},
        {"type": "Gated", "reason": "Succeeded", "message": "n"}]})");
}

TEST(OlderDefinition, TakesWhatItKnows) {
    const auto known = without_unknown_words(
        a_status(),
        R"(DjangoDatabase.djangodb.io "app" is invalid: [status.conditions[0].reason: Unsupported value: )"
        R"("PreflightRunning": supported values: "Succeeded", "Ready", status.conditions[1].type: )"
        R"(Unsupported value: "PreflightPassed": supported values: "Ready", "Gated"])"
    );
    ASSERT_TRUE(known);
    EXPECT_EQ(*known, json::parse(R"({"phase": "Preflight", "conditions": [
        {"type": "Ready", "reason": "Progressing", "message": "m"},
        {"type": "Gated", "reason": "Succeeded", "message": "n"}]})"));
}

TEST(OlderDefinition, OfAnotherRefusalNothingIsMade) {
    EXPECT_FALSE(without_unknown_words(a_status(), "status.phase: Invalid value: \"integer\""));
    EXPECT_FALSE(without_unknown_words(a_status(), "Unsupported value: \"cut"));
}

}  // namespace
}  // namespace djdb::kube
