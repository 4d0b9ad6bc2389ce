#include "reconcilers/records/steps.hpp"

#include "crds/text.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/flat_json.hpp"
#include "reconcilers/records/progress.hpp"
#include "reconcilers/records/scrub.hpp"
#include "reconcilers/stages/release/fresh_backup.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/verify_jobs.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <tuple>

namespace djdb {
namespace {

/// As the schema has them.
constexpr std::size_t kMostSteps = 64;
constexpr std::size_t kMostApplied = 1000;
constexpr std::size_t kLongestName = 512;
constexpr std::size_t kLongestReason = 256;
constexpr std::size_t kLongestMessage = 8192;
/// Of answers and logs together: each database has several records, and all of them are read when an operator starts.
constexpr std::size_t kMostText = std::size_t{128} * 1024;

std::string step_name(const JobRun& job) {
    return "job/" + job.name;
}
std::string step_name(const Workload& workload) {
    return "deployment/" + workload.meta.key.name.str();
}

const ReleaseStep* find_step(const DjangoReleaseStatus& status, const std::string& name) {
    const auto found = std::ranges::find(status.steps, name, &ReleaseStep::name);
    return found == status.steps.end() ? nullptr : &*found;
}

ReleaseStep& step_of(DjangoReleaseStatus& status, const std::string& name, ReleaseStepKind kind) {
    const auto found = std::ranges::find(status.steps, name, &ReleaseStep::name);
    return found != status.steps.end() ? *found
                                       : status.steps.emplace_back(ReleaseStep{name, kind});
}

/// Of this very Job: one that is removed is made again under its name.
const ReleaseStep* find_step(const DjangoReleaseStatus& status, const JobRun& job) {
    const auto* step = find_step(status, step_name(job));
    return step != nullptr && step->start_time == job.created ? step : nullptr;
}

/// What stands on a Job of this kind that is made for this workload.
std::string name_of_job(
    const Desired& desired, const Observed& observed, JobKind kind, const Workload& workload
) {
    switch (kind) {
        case JobKind::Probe:
            return probe_name(desired, observed, workload);
        case JobKind::Backup:
            return backup_name(desired, observed);
        case JobKind::Verify:
            return verify_name(desired, observed);
        case JobKind::Migrate:
            break;
    }
    return proof_name(desired, observed, workload);
}

ReleaseStepKind step_kind(JobKind kind) {
    switch (kind) {
        case JobKind::Probe:
            return ReleaseStepKind::Preflight;
        case JobKind::Backup:
            return ReleaseStepKind::Backup;
        case JobKind::Verify:
            return ReleaseStepKind::Verification;
        case JobKind::Migrate:
            break;
    }
    return ReleaseStepKind::Migration;
}

bool belongs_to(
    const DjangoRelease& record,
    const std::vector<DjangoRelease>& others,
    const Desired& desired,
    const Observed& observed,
    const JobRun& job
) {
    if (find_step(record.status, job) != nullptr) {
        return true;
    }
    const bool is_anothers = std::ranges::any_of(others, [&](const DjangoRelease& other) {
        return find_step(other.status, job) != nullptr;
    });
    return !is_closed(record) && !is_anothers &&
           std::ranges::any_of(observed.release.workloads, [&](const Workload& workload) {
               return job.proves == name_of_job(desired, observed, job.kind, workload);
           });
}

std::optional<TimePoint> when_ended(const JobRun& job, const JobEnd& end) {
    if (const auto* answered = std::get_if<Answered>(&end)) {
        return answered->finished;
    }
    if (const auto* silent = std::get_if<NoAnswer>(&end)) {
        return silent->finished;
    }
    return job.finished == TimePoint{} ? std::nullopt : std::optional(job.finished);
}

/// A termination message has no room for many: the log's answer has them all.
std::vector<std::string> applied_by(const ReleaseStep& step, const JobEnd& end) {
    const auto* answered = std::get_if<Answered>(&end);
    auto names = names_at(parse_flat(step.answer), "applied");
    if (names.empty() && answered != nullptr) {
        names = answered->applied;
    }
    return names;
}

void add_applied(DjangoReleaseStatus& status, const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto shown = beginning_of(name, kLongestName);
        if (status.applied.size() < kMostApplied &&
            std::ranges::find(status.applied, shown) == status.applied.end()) {
            status.applied.push_back(shown);
        }
    }
}

void add_job(DjangoReleaseStatus& status, const JobRun& job, const StepSources& sources) {
    const auto kind = step_kind(job.kind);
    auto& step = step_of(status, step_name(job), kind);
    if (step.start_time != job.created) {
        step = ReleaseStep{step_name(job), kind};
        step.start_time = job.created;
    }
    if (step.state != ReleaseStepState::InProgress) {
        return;
    }
    const auto end = read_end(job);
    const auto why = explain(end);
    step.reason = beginning_of(scrub(why.reason, sources.secrets), kLongestReason);
    step.message = beginning_of(scrub(why.message, sources.secrets), kLongestMessage);
    if (!is_over(end)) {
        return;
    }
    step.state = said_ok(end) ? ReleaseStepState::Succeeded : ReleaseStepState::Failed;
    step.end_time = when_ended(job, end);
    if (const auto read = sources.logs.find(job.name); read != sources.logs.end()) {
        step.answer = read->second.answer;
        step.log = read->second.lines;
    }
    if (kind == ReleaseStepKind::Migration) {
        add_applied(status, applied_by(step, end));
    }
}

/// Of a Job that is gone nobody hears any more how it ended.
void end_what_is_gone(DjangoReleaseStatus& status, const Observed& observed) {
    for (auto& step : status.steps) {
        const bool is_there = std::ranges::any_of(observed.jobs, [&](const JobRun& job) {
            return step_name(job) == step.name && step.start_time == job.created;
        });
        if (step.kind != ReleaseStepKind::Rollout && !is_there &&
            step.state == ReleaseStepState::InProgress) {
            step.state = ReleaseStepState::Failed;
            step.end_time = observed.now;
            step.reason = "JobRemoved";
            step.message = "The Job was removed before its end was seen.";
        }
    }
}

/// What has long been rolled out is no part of this release.
void add_rollout(
    DjangoReleaseStatus& status,
    const Desired& desired,
    const Observed& observed,
    const Workload& workload,
    const std::vector<RolledTemplate>& rolled
) {
    const bool is_done = is_rolled_out(desired, workload);
    if (is_done && find_step(status, step_name(workload)) == nullptr) {
        return;
    }
    auto& step = step_of(status, step_name(workload), ReleaseStepKind::Rollout);
    if (!step.start_time) {
        step.state = workload.hold ? ReleaseStepState::Pending : ReleaseStepState::InProgress;
        step.start_time = workload.hold ? std::nullopt : std::optional(observed.now);
    }
    if (is_done && step.state != ReleaseStepState::Succeeded) {
        step.state = ReleaseStepState::Succeeded;
        step.end_time = observed.now;
    }
    const auto kept = std::ranges::find_if(rolled, [&](const RolledTemplate& one) {
        return one.owner == workload.meta.uid &&
               one.pod_template.text() == workload.pod_template.text();
    });
    if (is_done && kept != rolled.end()) {
        step.replica_set = kept->name;
    }
}

/// Of each kind those that began first come first. What failed goes first where there is no room, then the oldest.
void order(std::vector<ReleaseStep>& steps) {
    std::ranges::stable_sort(steps, {}, [](const ReleaseStep& step) {
        return std::tuple(step.kind, step.start_time.value_or(TimePoint::max()));
    });
    for (auto step = steps.begin(); steps.size() > kMostSteps && step != steps.end();) {
        step = step->state == ReleaseStepState::Failed ? steps.erase(step) : std::next(step);
    }
    while (steps.size() > kMostSteps) {
        steps.erase(steps.begin());
    }
    std::size_t size = 0;
    for (auto& step : std::views::reverse(steps)) {
        size += step.answer.size() + step.log.size();
        if (size > kMostText) {
            step.answer.clear();
            step.log = "Left out: later Jobs of this release have said something.\n";
        }
    }
}

}  // namespace

std::vector<const JobRun*> jobs_to_read(
    const DjangoRelease& record,
    const std::vector<DjangoRelease>& others,
    const Desired& desired,
    const Observed& observed
) {
    std::vector<const JobRun*> jobs;
    for (const auto& job : observed.jobs) {
        const auto* step = find_step(record.status, job);
        const bool is_told = step != nullptr && step->state != ReleaseStepState::InProgress;
        if (!is_told && is_over(read_end(job)) &&
            belongs_to(record, others, desired, observed, job)) {
            jobs.push_back(&job);
        }
    }
    return jobs;
}

bool has_rollouts_to_name(
    const DjangoRelease& record, const Desired& desired, const Observed& observed
) {
    return !is_closed(record) &&
           std::ranges::any_of(observed.release.workloads, [&](const Workload& workload) {
               const auto* step = find_step(record.status, step_name(workload));
               return step != nullptr && step->replica_set.empty() &&
                      is_rolled_out(desired, workload);
           });
}

bool has_open_jobs(const DjangoReleaseStatus& status) {
    return std::ranges::any_of(status.steps, [](const ReleaseStep& step) {
        return step.kind != ReleaseStepKind::Rollout && step.state == ReleaseStepState::InProgress;
    });
}

void update_steps(
    DjangoReleaseStatus& status,
    const DjangoRelease& record,
    const std::vector<DjangoRelease>& others,
    const Desired& desired,
    const Observed& observed,
    const StepSources& sources
) {
    for (const auto& job : observed.jobs) {
        if (belongs_to(record, others, desired, observed, job)) {
            add_job(status, job, sources);
        }
    }
    end_what_is_gone(status, observed);
    if (!is_closed(record)) {
        for (const auto& workload : observed.release.workloads) {
            add_rollout(status, desired, observed, workload, sources.rolled);
        }
    }
    order(status.steps);
}

}  // namespace djdb
