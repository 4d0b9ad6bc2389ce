#include "controller/kube/running_migration.hpp"

#include "controller/kube/client/resources.hpp"
#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "crds/api.hpp"
#include "reconcilers/jobs/answer.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {

std::optional<std::string> find_running_migration(
    Client& client,
    const ObjectKey& database,
    const ResourceUid& uid,
    const std::string& but,
    const CallContext& call
) {
    const Selection own{
        database.ns.str(), std::string(api::kOwnedByLabel) + "=" + database.name.str(), ""};
    const auto pods = client.list(resources::kPods, own, call).items;
    for (const auto& job : client.list(resources::kJobs, own, call).items) {
        const auto kind = parse_job_kind(label_of(job, api::kJobKindLabel));
        auto name = text_at(job, {"metadata", "name"});
        if (kind != JobKind::Migrate || name == but || controller_of(job) != uid) {
            continue;
        }
        if (!is_over(read_end(decode_job(JobKind::Migrate, job, pods)))) {
            return name;
        }
    }
    return std::nullopt;
}

}  // namespace djdb::kube
