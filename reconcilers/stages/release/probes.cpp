#include "reconcilers/stages/release/probes.hpp"

#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <variant>

namespace djdb {

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
        return !seen.insert(proof_name(desired, observed, *workload)).second;
    });
    return all;
}

const JobRun* find_passed_probe(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    const auto environment = proof_name(desired, observed, workload);
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
    const auto revision = revision_of(desired, observed, source);
    const JobRun* latest = nullptr;
    for (const auto& job : observed.jobs) {
        if (job.kind == JobKind::Probe && job.revision == revision &&
            (latest == nullptr || latest->attempt < job.attempt)) {
            latest = &job;
        }
    }
    return latest;
}

bool is_of_the_past(const JobRun& probe) {
    return probe.expires || probe.being_deleted;
}

}  // namespace djdb
