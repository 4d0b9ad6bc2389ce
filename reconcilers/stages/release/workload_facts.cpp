#include "reconcilers/stages/release/workload_facts.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace djdb {
namespace {

/// FNV-1a, 64 bits: names the attempt, guards nothing.
std::string hash_text(const std::string& text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    static constexpr auto kDigits = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 20; shift -= 4) {
        out += kDigits[(hash >> static_cast<unsigned>(shift)) & 0xFU];
    }
    return out;
}

}  // namespace

std::optional<ImageRef> app_image(const Workload& workload, const AppSpec& app) {
    return workload.pod_template.image_of(app.container);
}

std::optional<ImageRef> common_image(const Desired& desired, const Observed& observed) {
    std::optional<ImageRef> common;
    for (const auto& workload : observed.release.workloads) {
        const auto image = app_image(workload, desired.object.spec.app);
        if (!image || (common && *common != *image)) {
            return std::nullopt;
        }
        common = image;
    }
    return common;
}

const Workload* migration_source(const Observed& observed) {
    const auto first = std::ranges::min_element(
        observed.release.workloads,
        [](const Workload& a, const Workload& b) {
            return std::pair(a.order, a.meta.key.name) < std::pair(b.order, b.meta.key.name);
        }
    );
    return first == observed.release.workloads.end() ? nullptr : &*first;
}

Revision revision_of(const Desired& desired, const Workload& source, const ImageRef& image) {
    return Revision(hash_text(
        desired.object.meta.uid.str() + "\n" + image.str() + "\n" + source.pod_template.text()
    ));
}

const JobRun* latest_migration(const std::vector<JobRun>& jobs, const Revision& revision) {
    const JobRun* latest = nullptr;
    for (const auto& job : jobs) {
        if (job.kind == JobKind::Migrate && job.revision == revision &&
            (latest == nullptr || job.attempt > latest->attempt)) {
            latest = &job;
        }
    }
    return latest;
}

bool has_passed(const Observed& observed, const ImageRef& image) {
    return observed.tenant && std::ranges::find(observed.tenant->passed_images, image) !=
                                  observed.tenant->passed_images.end();
}

std::string template_hash(const Workload& workload) {
    return hash_text(workload.meta.uid.str() + "\n" + workload.pod_template.text());
}

bool is_rolled_out(const Desired& desired, const Workload& workload) {
    if (workload.hold || workload.pods == PodsState::Mixed) {
        return false;
    }
    const auto hash = template_hash(workload);
    return workload.pods == PodsState::Complete ||
           std::ranges::any_of(desired.object.status.workloads, [&](const WorkloadStatus& known) {
               return known.name == workload.meta.key.name.str() && known.pod_template == hash;
           });
}

bool is_held(const Workload& workload) {
    return workload.hold && workload.held_by.empty();
}

bool is_paused_by_user(const Workload& workload) {
    return workload.hold && !workload.held_by.empty();
}

}  // namespace djdb
