#include "controller/kube/kube_release_records.hpp"

#include "controller/kube/client/resources.hpp"
#include "controller/kube/field_manager.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "crds/codec.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace djdb::kube {
namespace {

/// A kubelet that does not answer must not hold a worker.
constexpr std::chrono::seconds kLogDeadline{3};
constexpr int kLogLines = 200;
constexpr int kLogBytes = 64 * 1024;

}  // namespace

using nlohmann::json;

std::vector<DjangoRelease> KubeReleaseRecords::list(const ObjectKey& database) {
    std::vector<DjangoRelease> records;
    for (const auto& object :
         caches_.releases.list_indexed(index_word(database.ns, database.name.str()))) {
        records.push_back(decode_django_release(*object));
    }
    return records;
}

DjangoRelease KubeReleaseRecords::create(const json& manifest, const CallContext& call) {
    return decode_django_release(client_.create(
        resources::kDjangoReleases, manifest, {.field_manager = manager("releases")}, call
    ));
}

DjangoRelease KubeReleaseRecords::patch_status(
    const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext& call
) {
    return decode_django_release(client_.write_status(
        resources::kDjangoReleases,
        record.meta,
        encode_status(status),
        {manager("releases"), true},
        call
    ));
}

void KubeReleaseRecords::remove(const DjangoRelease& record, const CallContext& call) {
    client_.remove(
        resources::kDjangoReleases, record.meta.key, {.uid = record.meta.uid.str()}, call
    );
}

std::string KubeReleaseRecords::read_log(
    const ObjectKey& job, const std::string& pod, const CallContext& call
) {
    const auto object = caches_.jobs.find(to_string(job));
    const auto container = object ? own_container_of(*object) : std::string{};
    const auto target = "/api/v1/namespaces/" + percent_encode(job.ns.str()) + "/pods/" +
                        percent_encode(pod) + "/log?container=" + percent_encode(container) +
                        "&tailLines=" + std::to_string(kLogLines) +
                        "&limitBytes=" + std::to_string(kLogBytes);
    return client_.fetch_text(target, kLogDeadline, call);
}

}  // namespace djdb::kube
