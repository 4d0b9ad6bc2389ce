#include "reconcilers/records/progress.hpp"

#include "reconcilers/records/planned.hpp"
#include "reconcilers/records/released.hpp"
#include "reconcilers/stages/release/fresh_backup.hpp"

#include <algorithm>
#include <utility>

namespace djdb {
namespace {

Condition condition(
    const DjangoRelease& record, ConditionType type, ConditionStatus status, const Finding& finding
) {
    return {type, status, finding.reason, finding.message, record.meta.generation, {}};
}

bool is_of_what_is_labelled(
    const DjangoRelease& record, const Desired& desired, const Observed& observed
) {
    const auto spec = released_now(desired, observed);
    return spec && spec->revision == record.spec.revision;
}

/// What differs on the server holds no release.
const LaneStop* first_stop(const std::vector<LaneStop>& stops) {
    const auto stop =
        std::ranges::find_if(stops, [](const LaneStop& one) { return one.lane != LaneId::Drift; });
    return stop == stops.end() ? nullptr : &*stop;
}

/// The one before its first migration stays, whatever is dumped later: that has what a failed attempt left half done, or
/// what another of its templates has migrated already.
void update_backup(DjangoReleaseStatus& status, const Desired& desired, const Observed& observed) {
    const bool has_migrated =
        status.backup.time && std::ranges::any_of(status.steps, [&](const ReleaseStep& step) {
            return step.kind == ReleaseStepKind::Migration && step.start_time >= status.backup.time;
        });
    const auto backup = has_migrated ? std::nullopt : find_backup_of_release(desired, observed);
    if (backup) {
        status.backup = {
            backup->dump.file,
            desired.object.spec.backup.claim_name,
            backup->dump.bytes,
            backup->dump.sha256,
            backup->job->created};
    }
}

std::vector<Condition> succeed(
    DjangoReleaseStatus& status, const DjangoRelease& record, TimePoint now
) {
    status.outcome = ReleaseOutcome::Succeeded;
    status.completion_time = now;
    return {condition(
        record,
        ConditionType::Ready,
        ConditionStatus::True,
        {Reason::Succeeded,
         record.spec.image + " is rolled out, and its migrations are in the database."}
    )};
}

}  // namespace

bool is_closed(const DjangoRelease& record) {
    return record.status.outcome == ReleaseOutcome::Succeeded ||
           record.status.outcome == ReleaseOutcome::Superseded;
}

bool is_all_told(const DjangoRelease& record) {
    return is_closed(record) && !has_open_jobs(record.status);
}

DjangoReleaseStatus derive_progress(
    const DjangoRelease& record,
    const std::vector<DjangoRelease>& others,
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const std::vector<LaneStop>& stops,
    const StepSources& sources
) {
    auto status = record.status;
    if (is_all_told(record)) {
        return status;  // a cache may have it without what was said in it
    }
    status.observed_generation = record.meta.generation;
    // Without the server the run has not looked at anything else.
    if (observed.tenant) {
        update_steps(status, record, others, desired, observed, sources);
    }
    if (is_closed(record)) {
        return status;
    }
    if (observed.tenant && is_of_what_is_labelled(record, desired, observed)) {
        update_plan(status, desired, observed, sources.secrets);
        update_backup(status, desired, observed);
    }
    auto conditions = status.conditions;
    const auto* lane = assessment.find(LaneId::Release);
    if (const auto* stop = first_stop(stops)) {
        status.outcome =
            stop->needs_a_person ? ReleaseOutcome::Stalled : ReleaseOutcome::InProgress;
        conditions = conditions_of_stop(*stop, record.meta.generation);
    } else if (lane != nullptr && lane->is_satisfied() && is_of_what_is_labelled(record, desired, observed)) {
        conditions = succeed(status, record, observed.now);
    }
    status.conditions = merge(record.status.conditions, std::move(conditions), observed.now);
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
