#include "reconcilers/reconcile.hpp"

#include "crds/text.hpp"
#include "reconcilers/observe/inspection.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {
namespace {

const Condition* find_condition(const std::vector<Condition>& conditions, ConditionType type) {
    const auto found = std::ranges::find(conditions, type, &Condition::type);
    return found == conditions.end() ? nullptr : &*found;
}

bool repairs(const Step& step, const Drift& drift) {
    return (drift.repair == Repair::Roles && std::holds_alternative<CreateRoles>(step)) ||
           (drift.repair == Repair::Database && std::holds_alternative<ConfigureDatabase>(step));
}

/// Reasons that pass by themselves: an Event for each would hide those that matter. Deployments get
/// a new image one after the other, so that every release of two begins with ImagesDiverge.
bool is_on_the_way(Reason reason) {
    return reason == Reason::ImagesDiverge || reason == Reason::Progressing ||
           reason == Reason::WaitingForEarlierStage || reason == Reason::MigrationRunning ||
           reason == Reason::RollingOut || reason == Reason::Deleting;
}

/// With mode Observe nothing is done, but for letting go of a resource that is deleted.
std::vector<Step> to_be_done(const DjangoDatabase& object, const Assessment& assessment) {
    auto steps = assessment.steps();
    if (object.spec.mode == Mode::Observe) {
        std::erase_if(steps, [&](const Step& step) {
            return !object.meta.being_deleted || !std::holds_alternative<RemoveFinalizer>(step);
        });
    }
    return steps;
}

}  // namespace

Requeue DjangoDatabaseReconciler::operator()(const ObjectKey& key, const CallContext& call) {
    const auto object = cluster_.find_database(key);
    if (!object) {
        cache_.forget(key);
        explain_held(key, call);
        return AwaitChange{};
    }
    const auto stages = object->meta.being_deleted ? deletion_workflow() : workflow();
    const auto desired = derive_desired(*object, cluster_.cluster_id());
    const auto observed = observe_or_say_why_not(*object, desired, call);
    const auto assessment = assess(stages, desired, observed);
    const auto steps = to_be_done(*object, assessment);
    std::optional<WriteBackoff> backoff;
    const auto report_of_steps = carry_out(steps, desired, observed, backoff, call);
    const auto done = std::span(steps).first(report_of_steps.done);
    if (object->meta.being_deleted && assessment.stopped_at() != nullptr &&
        !report_of_steps.failure && std::holds_alternative<Act>(assessment.stopped_at()->verdict)) {
        return AwaitChange{};  // the finalizer is off, so there is nothing left to report on
    }
    const auto next =
        next_run(desired, observed, assessment, report_of_steps, cache_.count_settled().tenants);
    if (observed.tenant) {
        note_steps(desired, observed, done, is_settled(desired, assessment), backoff, cache_);
        tell_of_repair(desired, *observed.tenant, done, call);
    }
    report(*object, derive_status(desired, observed, stages, assessment, report_of_steps), call);
    return next;
}

Observed DjangoDatabaseReconciler::observe_or_say_why_not(
    const DjangoDatabase& object, const Desired& desired, const CallContext& call
) {
    const auto& key = object.meta.key;
    try {
        auto observed = observe(desired, cluster_, database_, clock_, cache_, call);
        cache_.note_seen(key);
        return observed;
    } catch (const Error& error) {
        const auto now = clock_.now();
        const auto since = cache_.note_unseen(key, now);
        if (makes_unknown(error.failure(), now - since)) {
            report(object, derive_unknown_status(object, error.failure(), now), call);
        }
        throw;
    }
}

Report DjangoDatabaseReconciler::carry_out(
    std::span<const Step> steps,
    const Desired& desired,
    const Observed& observed,
    std::optional<WriteBackoff>& backoff,
    const CallContext& call
) {
    const auto& meta = desired.object.meta;
    const auto input = input_fingerprint(desired, observed);
    const auto record = cache_.find(meta.key, meta.uid);
    const auto holding =
        record ? still_in_force(record->backoff, input, observed.now) : std::nullopt;
    const auto end = std::ranges::find_if(steps, [&](const Step& step) {
        return holding && to_string(step) == holding->step;
    });
    auto report =
        execute({steps.begin(), end}, desired, observed, cluster_, database_, passwords_, call);
    if (holding && !report.failure && end != steps.end()) {
        report.failure = holding->failure;
        report.failed_step = holding->step;
    }
    backoff = backoff_after(holding, report, input, observed.now);
    if (backoff && report.failed_step == backoff->step) {
        report.not_before = backoff->until;
    }
    return report;
}

void DjangoDatabaseReconciler::report(
    const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
) {
    if (status == object.status) {
        return;
    }
    const auto* before = find_condition(object.status.conditions, ConditionType::Ready);
    const auto* after = find_condition(status.conditions, ConditionType::Ready);
    try {
        cluster_.patch_status(object, status, call);
    } catch (const Error& error) {
        // With a spec of another schema the API server may take no status either: an Event says it.
        if (is_refused_write(error.failure()) && after != nullptr) {
            tell(object, *after, call);
        }
        throw;
    }
    if (after != nullptr && (before == nullptr || before->reason != after->reason)) {
        tell(object, *after, call);
    }
}

void DjangoDatabaseReconciler::tell(
    const DjangoDatabase& object, const Condition& ready, const CallContext& call
) {
    const std::string reason(to_string(ready.reason));
    if (ready.status == ConditionStatus::True) {
        cluster_.emit_event(normal_event(object, reason, ready.message), call);
    } else if (!is_on_the_way(ready.reason)) {
        cluster_.emit_event(warning_event(object, reason, ready.message), call);
    }
}

void DjangoDatabaseReconciler::tell_of_repair(
    const Desired& desired,
    const TenantFacts& tenant,
    std::span<const Step> done,
    const CallContext& call
) {
    const auto& object = desired.object;
    const bool is_asked_anew = object.status.observed_generation != object.meta.generation;
    if (is_asked_anew || !tenant.was_configured) {
        return;
    }
    std::vector<std::string> repaired;
    for (const auto& step : done) {
        for (const auto& drift : tenant.drift) {
            if (repairs(step, drift)) {
                repaired.push_back(drift.sentence);
            }
        }
    }
    if (!repaired.empty()) {
        cluster_.emit_event(
            normal_event(object, "DriftRepaired", "Repaired: " + join(repaired, " ")), call
        );
    }
}

void DjangoDatabaseReconciler::explain_held(const ObjectKey& missing, const CallContext& call) {
    for (const auto& workload : cluster_.list_workloads(missing)) {
        if (is_held(workload)) {
            cluster_.emit_event(
                warning_event(
                    workload.meta,
                    "DatabaseNotFound",
                    "Its new Pods are held: its label names DjangoDatabase \"" +
                        missing.name.str() +
                        "\", which does not exist in this namespace. Create it, or correct or "
                        "remove "
                        "the label djangodb.io/database and run kubectl rollout resume."
                ),
                call
            );
        }
    }
}

}  // namespace djdb
