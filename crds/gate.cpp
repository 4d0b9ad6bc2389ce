#include "crds/gate.hpp"

#include "crds/api.hpp"

#include <nlohmann/json.hpp>

namespace djdb {
namespace {

using nlohmann::json;

// What the version before installed: every pause without an owner was the gate's.
constexpr auto kFormerCondition =
    "request.operation == 'CREATE' || object.spec.template != oldObject.spec.template || "
    "(has(oldObject.spec.paused) && oldObject.spec.paused)";

std::string is_paused(const std::string& deployment) {
    return "has(" + deployment + ".spec.paused) && " + deployment + ".spec.paused";
}

std::string is_marked(const std::string& deployment) {
    return "has(" + deployment + ".metadata.annotations) && '" + std::string(api::kHeldAnnotation) +
           "' in " + deployment + ".metadata.annotations";
}

// What is marked as held stays held, whoever drops the mark or the pause. A writer who pauses a Deployment himself
// has it paused; when he resumes it, its template may be another one than the one that ran.
std::string is_to_be_held() {
    return "request.operation == 'CREATE' ? !(" + is_paused("object") + ") || (" +
           is_marked("object") + ") : (" + is_marked("oldObject") + ") || !(" +
           is_paused("object") + ") && (" + is_paused("oldObject") +
           " || object.spec.template != oldObject.spec.template)";
}

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

namespace {

json policy_spec(
    std::string_view operator_username, const std::string& condition, const std::string& mutation
) {
    json spec;
    spec["failurePolicy"] = "Fail";
    spec["reinvocationPolicy"] = "IfNeeded";
    spec["matchConstraints"] = labelled_deployments();
    spec["matchConditions"] = json::array(
        {named(
             "not-the-operator",
             "request.userInfo.username != '" + std::string(operator_username) + "'"
         ),
         named("template-not-released", condition)}
    );
    json change;
    change["patchType"] = "ApplyConfiguration";
    change["applyConfiguration"]["expression"] = mutation;
    spec["mutations"] = json::array({change});
    return spec;
}

}  // namespace

json gate_policy_spec(std::string_view operator_username) {
    return policy_spec(
        operator_username,
        is_to_be_held(),
        "Object{metadata: Object.metadata{annotations: {'" + std::string(api::kHeldAnnotation) +
            "': 'true'}}, spec: Object.spec{paused: true}}"
    );
}

bool is_intact_policy(const json& spec, std::string_view operator_username) {
    return spec == gate_policy_spec(operator_username) ||
           spec ==
               policy_spec(
                   operator_username, kFormerCondition, "Object{spec: Object.spec{paused: true}}"
               );
}

json gate_binding_spec() {
    return {{"policyName", std::string(api::kGate)}};
}

}  // namespace djdb
