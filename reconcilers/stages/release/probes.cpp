#include "reconcilers/stages/release/probes.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/ports/content_name.hpp"
#include "reconcilers/stages/release/pod_labels.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <variant>

namespace djdb {
Revision probe_revision(const Desired& desired, const Observed& observed, const Workload& source) {
    return Revision(name_by_content(
        revision_of(desired, observed, source).str() + "\n" + probe_name(desired, observed, source)
    ));
}

std::string probe_name(const Desired& desired, const Observed& observed, const Workload& workload) {
    const auto& [app, preflight] = std::tie(desired.object.spec.app, desired.object.spec.preflight);
    auto asked = proof_name(desired, observed, workload) + "\n" + app.settings_module + "\n" +
                 std::to_string(static_cast<int>(preflight.fail_level)) + "\n" +
                 std::to_string(static_cast<int>(desired.setup.runtime));
    for (const auto& word : app.manage) {
        asked += "\n" + word;
    }
    return name_by_content(asked + job_shape(desired));
}

std::vector<const Workload*> environments_to_prove(
    const Desired& desired, const Observed& observed
) {
    std::vector<const Workload*> all;
    for (const auto& workload : observed.release.workloads) {
        if (is_to_be_proven(desired, observed, workload)) {
            all.push_back(&workload);
        }
    }
    std::ranges::sort(all, {}, [](const Workload* workload) {
        return std::tie(workload->order, workload->meta.key.name);
    });
    std::set<std::string> seen;
    std::erase_if(all, [&](const Workload* workload) {
        return !seen.insert(probe_name(desired, observed, *workload)).second;
    });
    return all;
}

const JobRun* find_passed_probe(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    const auto environment = probe_name(desired, observed, workload);
    const JobRun* last = nullptr;
    const auto age = [](const JobRun& job) { return std::tie(job.created, job.name); };
    for (const auto& job : observed.jobs) {
        if (job.kind == JobKind::Probe && job.proves == environment && said_ok(read_end(job)) &&
            (last == nullptr || age(*last) < age(job))) {
            last = &job;
        }
    }
    return last;
}

const JobRun* latest_probe(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    return latest_attempt(observed.jobs, JobKind::Probe, probe_revision(desired, observed, source));
}

bool is_of_the_past(const JobRun& probe) {
    return probe.expires || probe.being_deleted;
}

std::vector<Step> start_probe(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun* last
) {
    std::vector<Step> steps;
    for (const auto& job : observed.jobs) {
        if (last != nullptr && job.kind == JobKind::Probe && job.revision == last->revision &&
            job.attempt < last->attempt && !is_of_the_past(job)) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    // Before it the gate refuses what has no app container.
    const auto image = app_image(source, desired.object.spec.app).value_or(ImageRef(""));
    steps.emplace_back(StartProbe{
        {source,
         probe_revision(desired, observed, source),
         image,
         last == nullptr ? 1 : last->attempt + 1,
         probe_name(desired, observed, source),
         pod_labels(desired, observed, source)}});
    return steps;
}

std::string template_of(const Workload& workload) {
    return "the Pod template of Deployment \"" + workload.meta.key.name.str() + "\"";
}

}  // namespace djdb
