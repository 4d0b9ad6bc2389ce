// The Cluster port's part for workloads: which ones carry the label, the gate that holds them, and its opening.
#include "controller/kube/field_manager.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/objects/app_pod.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/workload.hpp"
#include "crds/api.hpp"
#include "crds/gate.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb::kube {

using nlohmann::json;

std::vector<Workload> KubeCluster::list_workloads(const ObjectKey& database) {
    std::vector<Workload> workloads;
    const auto labelled = index_word(database.ns, database.name.str());
    for (const auto& object : caches_.deployments.list_indexed(labelled)) {
        if (!object->at("metadata").contains("deletionTimestamp")) {
            workloads.push_back(decode_workload(*object));
        }
    }
    std::ranges::sort(workloads, {}, [](const Workload& workload) {
        return workload.meta.key.name;
    });
    return workloads;
}

std::vector<RolledTemplate> KubeCluster::read_rolled_templates(
    const Namespace& ns, const CallContext& call
) {
    std::vector<RolledTemplate> templates;
    for (const auto& object :
         client_.list(resources::kReplicaSets, {ns.str(), "", ""}, call).items) {
        templates.push_back(decode_rolled_template(object));
    }
    return templates;
}

// Their watch has the Pods of Jobs alone: those of all apps would be most of a cluster's.
std::vector<AppPod> KubeCluster::read_app_pods(const Workload& workload, const CallContext& call) {
    std::vector<AppPod> pods;
    const Selection its{workload.meta.key.ns.str(), workload.selector, {}};
    for (const auto& object : client_.list(resources::kPods, its, call).items) {
        if (auto pod = decode_app_pod(object, workload.meta.key.name)) {
            pods.push_back(*std::move(pod));
        }
    }
    return pods;
}

GateState KubeCluster::find_gate() {
    const std::string name(api::kGate);
    const auto policy = caches_.policies.find(name);
    const auto binding = caches_.policy_bindings.find(name);
    if (!policy || !binding) {
        return GateState::Missing;
    }
    const auto username = operator_username(identity_.ns.str(), identity_.service_account);
    const bool intact = is_intact_policy(policy->at("spec"), username) &&
                        binding->at("spec") == gate_binding_spec();
    return intact ? GateState::Intact : GateState::Altered;
}

void KubeCluster::open_gate(const Workload& workload, const CallContext& call) {
    const json patch{
        {"metadata",
         {{"resourceVersion", workload.meta.resource_version},
          {"annotations", {{std::string(api::kHeldAnnotation), nullptr}}}}},
        {"spec", {{"paused", nullptr}}}};
    client_.merge_patch(
        resources::kDeployments, workload.meta.key, patch, {manager("rollout"), ""}, call
    );
}

}  // namespace djdb::kube
