#include "reconcilers/records/progress.hpp"

#include "crds/text.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/records/history.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <tuple>

namespace djdb {
namespace {

/// As the schema of status.steps has it.
constexpr std::size_t kMostSteps = 64;
/// What a Job said is kept of so many: each may have some 70 KiB, and an object as a whole a megabyte.
constexpr std::size_t kMostAnswers = 8;
constexpr std::size_t kMostApplied = 1000;
constexpr std::size_t kLongestName = 512;
constexpr std::size_t kLongestReason = 256;
constexpr std::size_t kLongestMessage = 8192;

bool is_closed(const DjangoRelease& record) {
    return record.status.outcome == ReleaseOutcome::Succeeded ||
           record.status.outcome == ReleaseOutcome::Superseded;
}

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

/// Nothing came before the first record: an earlier version made its Jobs.
bool was_made_for(const DjangoRelease& record, const JobRun& job) {
    return number_of(record) == 1 || !record.meta.created || job.created >= *record.meta.created;
}

bool belongs_to(
    const DjangoRelease& record, const Desired& desired, const Observed& observed, const JobRun& job
) {
    return was_made_for(record, job) &&
           std::ranges::any_of(observed.release.workloads, [&](const Workload& workload) {
               return job.proves == (job.kind == JobKind::Probe
                                         ? probe_name(desired, observed, workload)
                                         : proof_name(desired, observed, workload));
           });
}

const std::string* answer_text_of(const JobRun& job) {
    const auto ended =
        std::ranges::find_if(job.pods, [](const JobPod& pod) { return pod.end.has_value(); });
    return ended == job.pods.end() ? nullptr : &ended->end->answer_text;
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

void add_applied(DjangoReleaseStatus& status, const JobRun& job, const JobEnd& end) {
    const auto* answered = std::get_if<Answered>(&end);
    if (answered == nullptr || job.kind != JobKind::Migrate) {
        return;
    }
    for (const auto& name : answered->applied) {
        const auto shown = beginning_of(name, kLongestName);
        if (status.applied.size() < kMostApplied &&
            std::ranges::find(status.applied, shown) == status.applied.end()) {
            status.applied.push_back(shown);
        }
    }
}

void add_job(DjangoReleaseStatus& status, const JobRun& job, const JobLogs& logs) {
    const auto end = read_end(job);
    auto& step = step_of(
        status,
        step_name(job),
        job.kind == JobKind::Probe ? ReleaseStepKind::Preflight : ReleaseStepKind::Migration
    );
    step.start_time = job.created;
    const auto why = explain(end);
    step.reason = beginning_of(why.reason, kLongestReason);
    step.message = beginning_of(why.message, kLongestMessage);
    if (!is_over(end)) {
        step.state = ReleaseStepState::InProgress;
        return;
    }
    step.state = said_ok(end) ? ReleaseStepState::Succeeded : ReleaseStepState::Failed;
    step.end_time = when_ended(job, end);
    if (const auto read = logs.find(job.name); read != logs.end()) {
        step.answer = read->second.answer;
        step.log = read->second.lines;
    }
    add_applied(status, job, end);
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
    if (!workload.hold && !step.start_time) {
        step.start_time = observed.now;
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

/// Of each kind those that began first come first; of what failed the oldest goes where there is no room.
void order(std::vector<ReleaseStep>& steps) {
    std::ranges::stable_sort(steps, {}, [](const ReleaseStep& step) {
        return std::tuple(step.kind, step.start_time.value_or(TimePoint::max()));
    });
    for (auto step = steps.begin(); steps.size() > kMostSteps && step != steps.end();) {
        step = step->state == ReleaseStepState::Failed ? steps.erase(step) : std::next(step);
    }
    std::size_t answers = 0;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        if (!step->answer.empty() && ++answers > kMostAnswers) {
            step->answer.clear();
            step->log = "Left out: later Jobs of this release have said something.";
        }
    }
}

Condition condition(
    const DjangoRelease& record, ConditionType type, ConditionStatus status, const Finding& finding
) {
    return {type, status, finding.reason, finding.message, record.meta.generation, {}};
}

void conclude(
    DjangoReleaseStatus& status,
    const DjangoRelease& record,
    const Assessment& assessment,
    const std::vector<LaneStop>& stops,
    TimePoint now
) {
    const auto lane = std::ranges::find(assessment.lanes, LaneId::Release, [](const auto& one) {
        return one.lane->id;
    });
    // What the server was changed to behind our back holds no release.
    const auto stop =
        std::ranges::find_if(stops, [](const LaneStop& one) { return one.lane != LaneId::Drift; });
    std::vector<Condition> conditions;
    if (lane != assessment.lanes.end() && lane->is_satisfied() && stop == stops.end()) {
        status.outcome = ReleaseOutcome::Succeeded;
        status.completion_time = now;
        conditions.push_back(condition(
            record,
            ConditionType::Ready,
            ConditionStatus::True,
            {Reason::Succeeded,
             record.spec.image + " is rolled out, and its migrations are in the database."}
        ));
    } else if (stop != stops.end()) {
        status.outcome =
            stop->needs_a_person ? ReleaseOutcome::Stalled : ReleaseOutcome::InProgress;
        conditions.push_back(
            condition(record, ConditionType::Ready, ConditionStatus::False, stop->finding)
        );
        conditions.push_back(condition(
            record,
            stop->needs_a_person ? ConditionType::Stalled : ConditionType::Reconciling,
            ConditionStatus::True,
            stop->finding
        ));
    } else {
        conditions = record.status.conditions;
    }
    status.conditions = merge(record.status.conditions, std::move(conditions), now);
}

}  // namespace

std::vector<const JobRun*> jobs_to_read(
    const DjangoRelease& record, const Desired& desired, const Observed& observed
) {
    std::vector<const JobRun*> jobs;
    for (const auto& job : observed.jobs) {
        const auto* step = find_step(record.status, step_name(job));
        const bool is_known = step != nullptr && !(step->answer.empty() && step->log.empty());
        if (!is_closed(record) && !is_known && answer_text_of(job) != nullptr &&
            is_over(read_end(job)) && belongs_to(record, desired, observed, job)) {
            jobs.push_back(&job);
        }
    }
    return jobs;
}

std::vector<const Workload*> rollouts_to_name(
    const DjangoRelease& record, const Desired& desired, const Observed& observed
) {
    std::vector<const Workload*> rollouts;
    for (const auto& workload : observed.release.workloads) {
        const auto* step = find_step(record.status, step_name(workload));
        if (!is_closed(record) && step != nullptr && step->replica_set.empty() &&
            is_rolled_out(desired, workload)) {
            rollouts.push_back(&workload);
        }
    }
    return rollouts;
}

DjangoReleaseStatus derive_progress(
    const DjangoRelease& record,
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const std::vector<LaneStop>& stops,
    const JobLogs& logs,
    const std::vector<RolledTemplate>& rolled
) {
    auto status = record.status;
    status.observed_generation = record.meta.generation;
    if (is_closed(record)) {
        return status;
    }
    for (const auto& job : observed.jobs) {
        if (belongs_to(record, desired, observed, job)) {
            add_job(status, job, logs);
        }
    }
    for (const auto& workload : observed.release.workloads) {
        add_rollout(status, desired, observed, workload, rolled);
    }
    order(status.steps);
    conclude(status, record, assessment, stops, observed.now);
    return status;
}

DjangoReleaseStatus superseded(const DjangoRelease& record, const std::string& by, TimePoint now) {
    auto status = record.status;
    status.outcome = ReleaseOutcome::Superseded;
    status.completion_time = now;
    status.conditions = merge(
        record.status.conditions,
        {condition(
            record,
            ConditionType::Ready,
            ConditionStatus::False,
            {Reason::Superseded,
             "DjangoRelease \"" + by + "\" took its place before it had succeeded."}
        )},
        now
    );
    return status;
}

}  // namespace djdb
