#include "reconcilers/status/release_status.hpp"

#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

namespace djdb {
namespace {

std::string state_of(const Desired& desired, const Workload& workload) {
    if (is_paused_by_user(workload)) {
        return "PausedByUser";
    }
    if (is_held(workload)) {
        return "Held";
    }
    return is_rolled_out(desired, workload) ? "RolledOut" : "RollingOut";
}

WorkloadStatus status_of(const Desired& desired, const Workload& workload) {
    const auto image = app_image(workload, desired.object.spec.app);
    return {
        workload.meta.key.name.str(),
        image ? image->str() : "",
        state_of(desired, workload),
        is_rolled_out(desired, workload) ? template_hash(workload) : ""};
}

}  // namespace

void add_release(
    const Desired& desired, const Observed& observed, bool is_released, DjangoDatabaseStatus& status
) {
    for (const auto& workload : observed.release.workloads) {
        status.workloads.push_back(status_of(desired, workload));
    }
    status.release = desired.object.status.release;
    const auto image =
        observed.release.workloads.empty() ? std::nullopt : common_image(desired, observed);
    if (is_released && image) {
        status.release.current = image->str();
    }
    status.release.target = image && image->str() != status.release.current ? image->str() : "";
    const auto* source = migration_source(desired, observed);
    if (source == nullptr || !image) {
        return;
    }
    const auto revision = revision_of(desired, observed, *source);
    for (const auto& job : observed.jobs) {
        if (job.kind == JobKind::Migrate && job.revision == revision) {
            status.release.job = job.name;
        }
    }
}

}  // namespace djdb
