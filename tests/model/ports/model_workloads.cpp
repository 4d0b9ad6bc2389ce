// The port Cluster's part for workloads, as controller/kube/workloads.cpp.
#include "tests/model/ports/facts.hpp"
#include "tests/model/ports/model_cluster.hpp"
#include "tests/model/world/mutants.hpp"

#include <nlohmann/json.hpp>

namespace djdb::model {

using nlohmann::json;

std::vector<Workload> ModelCluster::list_workloads(const ObjectKey& database) {
    std::vector<Workload> workloads;
    for (const auto& [key, object] : views_.deployments.all()) {
        if (key.ns == database.ns && object->database == database.name.str()) {
            Workload workload;
            workload.meta = object->meta;
            workload.pod_template = PodTemplate(json::parse(object->pod_template));
            workload.hold = object->paused ? std::optional(Hold::Paused) : std::nullopt;
            workload.held_by = object->paused && !object->is_marked ? object->paused_by : "";
            workload.is_marked = object->is_marked;
            workload.pods = state_of(*object);
            workloads.push_back(std::move(workload));
        }
    }
    return workloads;
}

/// In this world no app ran before it was labelled.
std::vector<RolledTemplate>
ModelCluster::read_rolled_templates(const Namespace&, const CallContext&) {
    read("list the ReplicaSets");
    return {};
}

/// One of each Deployment's. A list that failed shows nothing, and holds nothing either.
std::vector<AppPod> ModelCluster::read_app_pods(const Workload& workload, const CallContext&) {
    const auto& key = workload.meta.key;
    world_.rules.show_restart(key, std::nullopt);
    read("list an app's Pods");
    const auto deployment = world_.api.deployments.find(key);
    if (!deployment || (deployment->rolled_template.empty() && !deployment->rolls)) {
        return {};
    }
    world_.rules.show_restart(key, world_.timeline.now());
    AppPod pod{key.name.str() + "-1", key.name.str(), {"10.0.0.1"}, deployment->restarts, {}};
    if (deployment->restarted) {
        pod.last_restart = ContainerRestart{"app", "Error", 1, *deployment->restarted};
    }
    return {std::move(pod)};
}

GateState ModelCluster::find_gate() {
    switch (views_.gates.find(kGateKey)->policy) {
        case GatePolicy::Intact:
            return GateState::Intact;
        case GatePolicy::Missing:
            return GateState::Missing;
        case GatePolicy::Altered:
            break;
    }
    return GateState::Altered;
}

void ModelCluster::open_gate(const Workload& workload, const CallContext&) {
    effect({"open the gate of", workload.meta.key.name.str()}, [&] {
        const auto current = world_.api.deployments.find(workload.meta.key);
        const bool is_judged =
            current && current->meta.resource_version == workload.meta.resource_version;
        const bool is_forced = !is_judged && acts(Mutant::GateOfAnotherVersion);
        if (is_judged || is_forced) {
            world_.rules.before_open_gate(workload.meta.key, world_.timeline.now());
        }
        world_.api.open_gate(workload.meta, !is_forced);
    });
}

}  // namespace djdb::model
