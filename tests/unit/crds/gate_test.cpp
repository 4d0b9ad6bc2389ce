// What the operator takes for an intact gate is what the chart installs.
#include "crds/gate.hpp"

#include "crds/api.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace djdb {
namespace {

using nlohmann::json;

/// YAML with Kubernetes' meaning: a plain true is a boolean, everything else in these files is
/// text.
json to_json(const YAML::Node& node) {
    if (node.IsMap()) {
        auto object = json::object();
        for (const auto& entry : node) {
            object[entry.first.as<std::string>()] = to_json(entry.second);
        }
        return object;
    }
    if (node.IsSequence()) {
        auto list = json::array();
        for (const auto& item : node) {
            list.push_back(to_json(item));
        }
        return list;
    }
    return node.as<std::string>();
}

/// The chart's gate.yaml as Helm renders it for one release; labels are no part of the comparison.
std::string rendered_gate() {
    std::ifstream file(DJDB_CHART "/templates/gate.yaml");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    text = std::regex_replace(text, std::regex(R"(\n  labels: \{\{[^\n]*)"), "");
    text = std::regex_replace(
        text, std::regex(R"(\{\{ \.Release\.Namespace \}\})"), "djangodb-system"
    );
    return std::regex_replace(
        text, std::regex(R"(\{\{ \.Values\.serviceAccount\.name \}\})"), "djangodb-operator"
    );
}

TEST(Gate, IsWhatTheChartInstalls) {
    const auto documents = YAML::LoadAll(rendered_gate());
    ASSERT_EQ(documents.size(), 2U);
    const auto policy = to_json(documents[0]);
    const auto binding = to_json(documents[1]);
    EXPECT_EQ(policy["kind"], "MutatingAdmissionPolicy");
    EXPECT_EQ(policy["metadata"]["name"], std::string(api::kGate));
    EXPECT_EQ(
        policy["spec"], gate_policy_spec(operator_username("djangodb-system", "djangodb-operator"))
    );
    EXPECT_EQ(binding["kind"], "MutatingAdmissionPolicyBinding");
    EXPECT_EQ(binding["metadata"]["name"], std::string(api::kGate));
    EXPECT_EQ(binding["spec"], gate_binding_spec());
}

TEST(Gate, LetsOnlyThisOperatorThrough) {
    const auto ours = gate_policy_spec(operator_username("djangodb-system", "djangodb-operator"));
    EXPECT_EQ(
        ours["matchConditions"][0]["expression"],
        "request.userInfo.username != 'system:serviceaccount:djangodb-system:djangodb-operator'"
    );
    EXPECT_NE(ours, gate_policy_spec(operator_username("elsewhere", "djangodb-operator")));
}

TEST(Gate, OfTheVersionBeforeIsIntactToo) {
    const std::string user = operator_username("djangodb-system", "djangodb-operator");
    auto spec = gate_policy_spec(user);
    EXPECT_TRUE(is_intact_policy(spec, user));
    EXPECT_FALSE(is_intact_policy(spec, operator_username("elsewhere", "djangodb-operator")));
    spec["matchConditions"][1]["expression"] =
        "request.operation == 'CREATE' || object.spec.template != oldObject.spec.template || "
        "(has(oldObject.spec.paused) && oldObject.spec.paused)";
    EXPECT_FALSE(is_intact_policy(spec, user)) << "half of one and half of the other";
    spec["mutations"][0]["applyConfiguration"]["expression"] =
        "Object{spec: Object.spec{paused: true}}";
    EXPECT_TRUE(is_intact_policy(spec, user));
    spec["failurePolicy"] = "Ignore";
    EXPECT_FALSE(is_intact_policy(spec, user));
}

}  // namespace
}  // namespace djdb
