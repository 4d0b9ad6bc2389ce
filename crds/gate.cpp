#include "crds/gate.hpp"

#include "crds/api.hpp"

#include <nlohmann/json.hpp>

namespace djdb {
namespace {

using nlohmann::json;

// A write to a held Deployment is held again: `kubectl rollout resume` by a user does not open the
// gate.
constexpr auto kTemplateNotReleased =
    "request.operation == 'CREATE' || object.spec.template != oldObject.spec.template || "
    "(has(oldObject.spec.paused) && oldObject.spec.paused)";

json labelled_deployments() {
    json constraints;
    constraints["matchPolicy"] = "Equivalent";
    constraints["namespaceSelector"] = json::object();
    constraints["objectSelector"]["matchExpressions"] =
        json::array({{{"key", std::string(api::kDatabaseLabel)}, {"operator", "Exists"}}});
    json rule;
    rule["apiGroups"] = json::array({"apps"});
    rule["apiVersions"] = json::array({"v1"});
    rule["operations"] = json::array({"CREATE", "UPDATE"});
    rule["resources"] = json::array({"deployments"});
    rule["scope"] = "*";
    constraints["resourceRules"] = json::array({rule});
    return constraints;
}

json named(const char* name, const std::string& expression) {
    return {{"name", name}, {"expression", expression}};
}

}  // namespace

std::string operator_username(std::string_view name_space, std::string_view service_account) {
    return "system:serviceaccount:" + std::string(name_space) + ":" + std::string(service_account);
}

json gate_policy_spec(std::string_view operator_username) {
    json spec;
    spec["failurePolicy"] = "Fail";
    spec["reinvocationPolicy"] = "IfNeeded";
    spec["matchConstraints"] = labelled_deployments();
    spec["matchConditions"] = json::array(
        {named(
             "not-the-operator",
             "request.userInfo.username != '" + std::string(operator_username) + "'"
         ),
         named("template-not-released", kTemplateNotReleased)}
    );
    json mutation;
    mutation["patchType"] = "ApplyConfiguration";
    mutation["applyConfiguration"]["expression"] = "Object{spec: Object.spec{paused: true}}";
    spec["mutations"] = json::array({mutation});
    return spec;
}

json gate_binding_spec() {
    return {{"policyName", std::string(api::kGate)}};
}

}  // namespace djdb
