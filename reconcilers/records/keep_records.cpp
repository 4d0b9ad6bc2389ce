#include "reconcilers/records/keep_records.hpp"

#include "reconcilers/manifests/release_record.hpp"
#include "reconcilers/records/history.hpp"
#include "reconcilers/records/released.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace djdb {
namespace {

/// Whether there is a release to record: the gate found nothing that a person has to settle first, such as Deployments
/// of which one has the new image and the next one not yet.
bool is_underway(const Assessment& assessment) {
    const auto lane = std::ranges::find(assessment.lanes, LaneId::Release, [](const auto& one) {
        return one.lane->id;
    });
    return lane != assessment.lanes.end() && lane->lane->mode == Mode::Apply &&
           std::ranges::any_of(lane->results, [](const StageResult& result) {
               return result.condition == ConditionType::PreflightPassed ||
                      std::holds_alternative<Act>(result.verdict);
           });
}

/// It succeeded once, and the database has changed since: what follows is another release of the same.
bool is_to_be_repeated(
    const DjangoRelease& record, const Desired& desired, const Observed& observed
) {
    return record.status.outcome == ReleaseOutcome::Succeeded &&
           std::ranges::any_of(observed.release.workloads, [&](const Workload& workload) {
               return is_to_be_proven(desired, observed, workload);
           });
}

std::vector<Sensitive> secrets_in(const ObservedSecrets& secrets) {
    std::vector<Sensitive> all;
    for (const auto& [name, value] : secrets.stored) {
        all.push_back(value);
    }
    return all;
}

}  // namespace

template <class Work>
void RecordKeeper::attempt(Work&& work) {
    try {
        work();
    } catch (const Error& error) {
        if (!failure_) {
            failure_ = error.failure();
        }
    }
}

void RecordKeeper::begin(const Assessment& assessment) {
    if (!is_underway(assessment)) {
        return;
    }
    attempt([&] { find_or_make(); });
    if (!current_) {
        return;
    }
    for (const auto* job : jobs_to_read(*current_, desired_, observed_)) {
        logs_[job->name] = read(*job);
    }
    if (!rollouts_to_name(*current_, desired_, observed_).empty()) {
        attempt([&] {
            rolled_ = cluster_.read_rolled_templates(desired_.object.meta.key.ns, call_);
        });
    }
}

void RecordKeeper::find_or_make() {
    const auto spec = released_now(desired_, observed_);
    if (!spec) {
        return;
    }
    const auto records = records_.list(desired_.object.meta.key);
    const auto* last = newest(records);
    if (last != nullptr && last->spec.revision == spec->revision &&
        !is_to_be_repeated(*last, desired_, observed_)) {
        current_ = *last;
    } else {
        make(*spec, records);
    }
}

void RecordKeeper::make(const DjangoReleaseSpec& spec, const std::vector<DjangoRelease>& records) {
    const auto name = next_name(desired_.object.meta.key.name.str(), records);
    current_ = records_.create(render_release_record(desired_, name, spec), call_);
    close(records, name);
    const auto limit = static_cast<std::size_t>(desired_.object.spec.release_history_limit);
    for (const auto& record : to_forget(records, limit)) {
        records_.remove(record, call_);
    }
}

void RecordKeeper::close(const std::vector<DjangoRelease>& others, const std::string& successor) {
    for (const auto& record : others) {
        if (record.status.outcome != ReleaseOutcome::Succeeded &&
            record.status.outcome != ReleaseOutcome::Superseded) {
            records_.patch_status(record, superseded(record, successor, observed_.now), call_);
        }
    }
}

JobLog RecordKeeper::read(const JobRun& job) {
    const auto ended =
        std::ranges::find_if(job.pods, [](const JobPod& pod) { return pod.end.has_value(); });
    const ObjectKey key{desired_.object.meta.key.ns, ObjectName(job.name)};
    const auto secrets = secrets_in(observed_.secrets);
    try {
        auto log = read_job_log(records_.read_log(key, ended->name, call_), secrets);
        if (log.lines.empty()) {
            log.lines = "The Job has written nothing.";
        }
        return log;
    } catch (const Error& error) {
        return without_log(
            ended->end->answer_text, "The log can't be read: " + error.failure().message, secrets
        );
    }
}

void RecordKeeper::finish(const Assessment& assessment, const std::vector<LaneStop>& stops) {
    if (!current_) {
        return;
    }
    const auto status =
        derive_progress(*current_, desired_, observed_, assessment, stops, logs_, rolled_);
    if (status != current_->status) {
        attempt([&] { records_.patch_status(*current_, status, call_); });
    }
}

}  // namespace djdb
