#include "controller/kube/kube_release_records.hpp"

#include "controller/kube/client/resources.hpp"
#include "controller/kube/field_manager.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "controller/kube/refusal.hpp"
#include "crds/codec.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace djdb::kube {
namespace {

/// A kubelet that does not answer must not hold a worker.
constexpr std::chrono::seconds kLogDeadline{3};
constexpr int kLogLines = 200;
constexpr std::size_t kLogBytes = std::size_t{1024} * 1024;

}  // namespace

using nlohmann::json;

std::optional<std::vector<DjangoRelease>> KubeReleaseRecords::list(const ObjectKey& database) {
    if (!caches_.releases.is_synced() || is_older_) {
        return std::nullopt;
    }
    std::vector<DjangoRelease> records;
    for (const auto& object :
         caches_.releases.list_indexed(index_word(database.ns, database.name.str()))) {
        records.push_back(decode_django_release(*object));
    }
    return records;
}

DjangoRelease KubeReleaseRecords::create(const json& manifest, const CallContext& call) {
    try {
        const PatchOptions options{.field_manager = manager("releases")};
        return decode_django_release(
            client_.create(resources::kDjangoReleases, manifest, options, call)
        );
    } catch (const Error& error) {
        if (error.failure().code != "409 AlreadyExists") {
            throw;
        }
    }
    const auto key = decode_meta(manifest).key;
    const auto found = client_.find(resources::kDjangoReleases, key, call);
    if (!found) {
        refuse("409 Conflict", "DjangoRelease \"" + key.name.str() + "\" was there and is gone.");
    }
    if (controller_of(*found) != controller_of(manifest)) {
        throw Error(Failure{
            FailureClass::Terminal,
            FailureOrigin::Kubernetes,
            "NameTaken",
            "DjangoRelease \"" + key.name.str() + "\" was made by somebody else.",
            {}});
    }
    return decode_django_release(*found);
}

DjangoRelease KubeReleaseRecords::patch_status(
    const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext& call
) {
    const StatusOptions options{manager("releases"), true};
    auto written = decode_django_release(client_.write_status(
        resources::kDjangoReleases, record.meta, encode_status(status), options, call
    ));
    if (written.status.outcome != status.outcome ||
        written.status.steps.size() != status.steps.size() || written.status.plan != status.plan) {
        is_older_ = true;
        throw Error(Failure{
            FailureClass::Invalid,
            FailureOrigin::Kubernetes,
            "OlderDefinition",
            "the CustomResourceDefinition djangoreleases.djangodb.io is of an earlier version. "
            "Renew it with this version's chart and start the operator again; until then no "
            "release is "
            "recorded",
            {}});
    }
    return written;
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
    auto text = client_.fetch_text(target, kLogDeadline, call);
    // The kubelet goes back by lines and stops by bytes: the last line may be half a password then.
    if (text.size() >= kLogBytes) {
        text.resize(text.rfind('\n') + 1);
    }
    return text;
}

}  // namespace djdb::kube
