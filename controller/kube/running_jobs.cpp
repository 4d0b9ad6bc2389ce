#include "controller/kube/running_jobs.hpp"

#include "controller/kube/client/resources.hpp"
#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "reconcilers/jobs/answer.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {

using nlohmann::json;

std::optional<std::string> find_running_job(
    Client& client, const json& job, const CallContext& call
) {
    const auto meta = decode_meta(job);
    const Selection own{
        meta.key.ns.str(),
        std::string(api::kOwnedByLabel) + "=" + label_of(job, api::kOwnedByLabel),
        ""};
    const auto pods = client.list(resources::kPods, own, call).items;
    for (const auto& other : client.list(resources::kJobs, own, call).items) {
        const auto kind = parse_job_kind(label_of(other, api::kJobKindLabel));
        auto name = text_at(other, {"metadata", "name"});
        if (!kind || name == meta.key.name.str() || controller_of(other) != controller_of(job)) {
            continue;
        }
        if (!is_over(read_end(decode_job(*kind, other, pods)))) {
            return name;
        }
    }
    return std::nullopt;
}

}  // namespace djdb::kube
