#include "reconcilers/reconcile.hpp"

#include "reconcilers/execute/execute.hpp"
#include "reconcilers/observe/inspection.hpp"
#include "reconcilers/records/keep_records.hpp"
#include "reconcilers/status/conditions.hpp"
#include "reconcilers/status/events.hpp"
#include "reconcilers/status/failure_reason.hpp"
#include "reconcilers/status/requeue.hpp"
#include "reconcilers/status/status.hpp"

#include <algorithm>

namespace djdb {

namespace {

/// What waits for the cache alone is written with the next run, if nothing is underway.
bool has_to_record(const RecordKeeper& keeper, const std::vector<LaneStop>& stops) {
    const auto& failure = keeper.failure();
    return (failure && !needs_a_person(*failure)) || (keeper.waits_for_cache() && !stops.empty());
}

/// No later than it was to be.
Requeue with_backoff(const Requeue& next) {
    if (const auto* retry = std::get_if<RetryAfter>(&next)) {
        return goes_on(next) ? next : Requeue(RetryWithBackoff{retry->span});
    }
    return std::holds_alternative<AwaitChange>(next) ? Requeue(RetryWithBackoff{}) : next;
}

}  // namespace

Run DjangoDatabaseReconciler::operator()(
    const ObjectKey& key, WakeReason why, const CallContext& call
) {
    Run run{.id = call.reconcile_id, .why = why};
    cache_.expect_no_status(key);
    const auto object = cluster_.find_database(key);
    if (!object) {
        cache_.forget(key);
        emit(events_of_missing(key, cluster_.list_workloads(key)), call);
        return run;
    }
    const auto lanes = lanes_for(*object);
    const auto desired = derive_desired(*object, cluster_.cluster_id());
    const auto observed = observe_or_say_why_not(*object, lanes, desired, call);
    const auto assessment = assess(lanes, desired, observed);
    RecordKeeper keeper(desired, observed, records_, cluster_, call);
    keeper.begin(assessment);
    run.steps = carry_out(assessment, desired, observed, call);
    emit(events_of_steps(desired, observed, run.steps), call);
    if (was_done<RemoveFinalizer>(run.steps)) {
        return run;  // the resource is gone: nothing is left to report on
    }
    const auto stops = find_stops(desired, assessment, run.steps);
    keeper.finish(assessment, stops);
    for (const auto& stop : stops) {
        run.stops.push_back(
            {stop.lane, stop.at->condition, stop.finding.reason, stop.finding.message}
        );
    }
    run.next = next_run(desired, observed, assessment, run.steps, cache_.count_settled().tenants);
    if (const auto& failure = keeper.failure()) {
        emit(events_of_record(*object, *failure), call);
    }
    if (has_to_record(keeper, stops)) {
        run.next = with_backoff(run.next);
    }
    if (cache_.defers_status(key, goes_on(run.next))) {
        return run;  // in a moment the next one says what came of the steps
    }
    const auto status = derive_status(desired, observed, assessment, run.steps);
    if (status != object->status && !goes_on(run.next)) {
        cache_.expect_status(key, status);
    }
    run.wrote_status = write_status(*object, status, call);
    return run;
}

Observed DjangoDatabaseReconciler::observe_or_say_why_not(
    const DjangoDatabase& object,
    std::span<const Lane> lanes,
    const Desired& desired,
    const CallContext& call
) {
    const auto& key = object.meta.key;
    try {
        auto observed = observe(desired, lanes, cluster_, database_, clock_, cache_, call);
        cache_.note_seen(key);
        return observed;
    } catch (const Error& error) {
        const auto now = clock_.now();
        const auto since = cache_.note_unseen(key, now);
        if (makes_unknown(
                error.failure(), std::chrono::duration_cast<std::chrono::seconds>(now - since)
            )) {
            write_status(object, derive_unknown_status(object, error.failure(), now), call);
        }
        throw;
    }
}

Outcomes DjangoDatabaseReconciler::carry_out(
    const Assessment& assessment,
    const Desired& desired,
    const Observed& observed,
    const CallContext& call
) {
    const auto& meta = desired.object.meta;
    const auto input = input_fingerprint(desired, observed);
    const auto last = cache_.find(meta.key, meta.uid);
    auto backoffs = still_in_force(last ? last->backoffs : WriteBackoffs{}, input, observed.now);
    auto outcomes =
        execute(assessment, backoffs, desired, observed, cluster_, database_, passwords_, call);
    if (observed.tenant) {
        note_steps(desired, observed, outcomes, cache_);
        auto versions = observed.secrets.versions;
        versions.insert(observed.release.configs.begin(), observed.release.configs.end());
        cache_.note_run(
            meta.key,
            {is_settled(assessment),
             std::move(versions),
             backoffs_after(std::move(backoffs), outcomes, input, observed.now)}
        );
    }
    return outcomes;
}

bool DjangoDatabaseReconciler::write_status(
    const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
) {
    if (status == object.status) {
        return false;
    }
    try {
        cluster_.patch_status(object, status, call);
    } catch (const Error& error) {
        // With a spec of another schema the API server may take no status either: an Event says it.
        if (is_refused_write(error.failure())) {
            emit(events_of_change(object, status), call);
        }
        throw;
    }
    emit(events_of_change(object, status), call);
    return true;
}

void DjangoDatabaseReconciler::emit(const std::vector<Event>& events, const CallContext& call) {
    for (const auto& event : events) {
        cluster_.emit_event(event, call);
    }
}

}  // namespace djdb
