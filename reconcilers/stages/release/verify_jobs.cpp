#include "reconcilers/stages/release/verify_jobs.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/ports/content_name.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <algorithm>
#include <tuple>

namespace djdb {
namespace {

std::string text_of(const VerifySpec& spec) {
    auto text = spec.http.service + ":" + std::to_string(spec.http.port) + spec.http.path;
    for (const auto& [name, value] : spec.http.headers) {
        text += "\n" + name + ": " + value;
    }
    for (const auto& word : spec.command) {
        text += "\n" + word;
    }
    return text + "\n" + std::to_string(spec.deadline.count());
}

}  // namespace

std::vector<const Workload*> to_be_verified(const Desired& desired, const Observed& observed) {
    std::vector<const Workload*> due;
    if (desired.object.spec.verify.when == VerifyWhen::Never) {
        return due;
    }
    for (const auto& workload : observed.release.workloads) {
        const auto* pass = find_pass(desired, observed, workload);
        if (pass != nullptr && pass->verified && pass->verified->empty()) {
            due.push_back(&workload);
        }
    }
    std::ranges::sort(due, {}, [](const Workload* workload) {
        return std::tie(workload->order, workload->meta.key.name);
    });
    return due;
}

std::string verify_name(const Desired& desired, const Observed& observed) {
    const auto due = to_be_verified(desired, observed);
    if (due.empty()) {
        return {};
    }
    auto text = desired.object.meta.uid.str() + "\n" + known(observed.tenant).database_oid + "\n" +
                text_of(desired.object.spec.verify) + job_shape(desired) + "\n" +
                desired.object.spec.app.settings_module + "\n" +
                std::to_string(static_cast<int>(desired.setup.runtime));
    for (const auto& word : desired.object.spec.app.manage) {
        text += "\n" + word;
    }
    for (const auto* workload : due) {
        const auto* pass = find_pass(desired, observed, *workload);
        text += "\n" + pass->app_template + " " + pass->job.str();
    }
    return name_by_content(text);
}

const JobRun* latest_verify_job(const Desired& desired, const Observed& observed) {
    return latest_attempt(observed.jobs, JobKind::Verify, Revision(verify_name(desired, observed)));
}

const AppPod* find_restarted(const Desired& desired, const Observed& observed) {
    const auto counts =
        std::max<std::chrono::seconds>(desired.object.spec.verify.soak, kRestartCounts);
    const AppPod* last = nullptr;
    if (!observed.release.new_pods || desired.object.spec.verify.soak.count() == 0) {
        return nullptr;
    }
    TimePoint latest{};
    for (const auto& pod : *observed.release.new_pods) {
        if (pod.last_restart && observed.now - pod.last_restart->finished < counts &&
            (last == nullptr || latest < pod.last_restart->finished)) {
            last = &pod;
            latest = pod.last_restart->finished;
        }
    }
    return last;
}

}  // namespace djdb
