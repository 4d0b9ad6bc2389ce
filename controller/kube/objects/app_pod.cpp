#include "controller/kube/objects/app_pod.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace djdb::kube {
namespace {

using nlohmann::json;

/// The ReplicaSet that made it, whose name the Deployment controller makes from those of the Deployment and the template.
std::string maker_of(const json& pod, const ObjectName& deployment) {
    const auto template_hash = label_of(pod, "pod-template-hash");
    for (const auto& owner : child(child(pod, "metadata"), "ownerReferences")) {
        const auto name = owner.value("name", "");
        if (owner.value("controller", false) && owner.value("kind", "") == "ReplicaSet" &&
            name == deployment.str() + "-" + template_hash) {
            return name;
        }
    }
    return {};
}

/// Of a container that runs again, waits to, or has just ended. One that ends well may be meant to, such as a worker that
/// begins anew after so many tasks.
std::optional<ContainerRestart> last_end_of(const json& container) {
    const auto& ended = child(child(container, "state"), "terminated");
    const auto& before = child(child(container, "lastState"), "terminated");
    const auto& last = ended.empty() ? before : ended;
    if (last.empty() || last.value("exitCode", 0) == 0) {
        return std::nullopt;
    }
    return ContainerRestart{
        container.value("name", ""),
        last.value("reason", ""),
        last.value("exitCode", 0),
        parse_time(text_at(last, {"finishedAt"})).value_or(TimePoint{})};
}

}  // namespace

std::optional<AppPod> decode_app_pod(const json& pod, const ObjectName& deployment) {
    const auto& status = child(pod, "status");
    const auto phase = status.value("phase", "");
    AppPod out;
    out.name = text_at(pod, {"metadata", "name"});
    out.replica_set = maker_of(pod, deployment);
    if (out.replica_set.empty() || phase == "Succeeded" || phase == "Failed" ||
        child(pod, "metadata").contains("deletionTimestamp")) {
        return std::nullopt;
    }
    for (const auto& address : child(status, "podIPs")) {
        out.addresses.push_back(address.value("ip", ""));
    }
    for (const auto& container : child(status, "containerStatuses")) {
        out.restarts += container.value("restartCount", std::int64_t{0});
        const auto last = last_end_of(container);
        if (last && (!out.last_restart || out.last_restart->finished < last->finished)) {
            out.last_restart = last;
        }
    }
    return out;
}

}  // namespace djdb::kube
