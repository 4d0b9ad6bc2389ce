#include "controller/kube/objects/workload.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace djdb::kube {
namespace {

using nlohmann::json;

/// The manager that owns spec.paused. Nobody owns what the gate of the version before changed (measured on 1.36.3).
std::string pauser_of(const json& deployment) {
    for (const auto& entry : child(child(deployment, "metadata"), "managedFields")) {
        if (child(child(entry, "fieldsV1"), "f:spec").contains("f:paused")) {
            return entry.value("manager", "unknown");
        }
    }
    return {};
}

/// status.terminatingReplicas is there from Kubernetes 1.35 on (beta); status.replicas does not count
/// Pods that end.
PodsState judge_pods(const json& deployment) {
    const auto& status = child(deployment, "status");
    const auto wanted = child(deployment, "spec").value("replicas", 1);
    const auto updated = status.value("updatedReplicas", 0);
    if (status.value("observedGeneration", std::int64_t{0}) <
        child(deployment, "metadata").value("generation", std::int64_t{0})) {
        return PodsState::Unseen;
    }
    if (status.value("replicas", 0) > updated) {
        return PodsState::Mixed;
    }
    if (updated < wanted || status.value("availableReplicas", 0) < wanted) {
        return PodsState::Progressing;
    }
    const bool some_end = updated > wanted || status.value("terminatingReplicas", 0) > 0;
    return some_end ? PodsState::Terminating : PodsState::Complete;
}

std::set<std::string> selector_keys_in(const json& selector) {
    std::set<std::string> keys;
    for (const auto& [key, value] : child(selector, "matchLabels").items()) {
        keys.insert(key);
    }
    for (const auto& expression : child(selector, "matchExpressions")) {
        keys.insert(expression.value("key", ""));
    }
    return keys;
}

/// As a query has it: app=web,tier in (front,back),!canary.
std::string selector_text(const json& selector) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : child(selector, "matchLabels").items()) {
        parts.push_back(key + "=" + value.get<std::string>());
    }
    for (const auto& expression : child(selector, "matchExpressions")) {
        const auto key = expression.value("key", "");
        const auto how = expression.value("operator", "");
        if (how == "Exists" || how == "DoesNotExist") {
            parts.push_back((how == "Exists" ? "" : "!") + key);
        } else {
            const auto values = child(expression, "values").get<std::vector<std::string>>();
            parts.push_back(key + (how == "In" ? " in (" : " notin (") + join(values, ",") + ")");
        }
    }
    return join(parts, ",");
}

}  // namespace

Workload decode_workload(const json& deployment) {
    Workload workload;
    workload.meta = decode_meta(deployment);
    workload.order = label_of(deployment, api::kOrderLabel);
    const auto& annotations = child(child(deployment, "metadata"), "annotations");
    workload.app_container = annotations.value(std::string(api::kContainerAnnotation), "");
    const auto& spec = child(deployment, "spec");
    workload.selector_keys = selector_keys_in(child(spec, "selector"));
    workload.selector = selector_text(child(spec, "selector"));
    workload.pod_template = PodTemplate(child(spec, "template"));
    workload.is_marked = annotations.contains(api::kHeldAnnotation);
    if (spec.value("paused", false)) {
        workload.hold = Hold::Paused;
        // Whoever applies `paused: false` owns the field whose value the gate changed.
        workload.held_by = workload.is_marked ? "" : pauser_of(deployment);
    }
    workload.is_recreated = child(spec, "strategy").value("type", "") == "Recreate";
    workload.keeps_no_history = spec.value("revisionHistoryLimit", 10) == 0;
    workload.pods = judge_pods(deployment);
    const auto* stalled = find_condition(deployment, "Progressing", "False");
    workload.progress_deadline_exceeded =
        stalled != nullptr && stalled->value("reason", "") == "ProgressDeadlineExceeded";
    return workload;
}

RolledTemplate decode_rolled_template(const json& replica_set) {
    const auto& spec = child(replica_set, "spec");
    // As the Deployment has it: its controller has added a label.
    auto pod_template = child(spec, "template");
    const json::json_pointer labels("/metadata/labels");
    if (pod_template.contains(labels)) {
        pod_template[labels].erase("pod-template-hash");
    }
    return {
        controller_of(replica_set),
        text_at(replica_set, {"metadata", "name"}),
        spec.value("replicas", std::int64_t{0}),
        PodTemplate(pod_template),
        child(child(replica_set, "metadata"), "annotations")
            .value("deployment.kubernetes.io/revision", "")};
}

}  // namespace djdb::kube
