#include "reconcilers/reconcile.hpp"

#include "reconcilers/release.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {
namespace {

const Condition* find_condition(const std::vector<Condition>& conditions, ConditionType type) {
    const auto found = std::ranges::find(conditions, type, &Condition::type);
    return found == conditions.end() ? nullptr : &*found;
}

/// Reasons that pass by themselves: an Event for each would hide those that matter.
bool is_on_the_way(Reason reason) {
    return reason == Reason::Progressing || reason == Reason::WaitingForEarlierStage ||
           reason == Reason::MigrationRunning || reason == Reason::RollingOut ||
           reason == Reason::Deleting;
}

}  // namespace

Requeue DjangoDatabaseReconciler::operator()(const ObjectKey& key, const CallContext& call) {
    const auto object = cluster_.find_database(key);
    if (!object) {
        explain_held(key, call);
        return AwaitChange{};
    }
    const auto stages = object->meta.being_deleted ? deletion_workflow() : workflow();
    const auto desired = derive_desired(*object, cluster_.cluster_id());
    const auto observed = observe_or_say_why_not(*object, desired, call);
    const auto assessment = assess(stages, desired, observed);
    const auto report_of_steps =
        execute(assessment.steps(), desired, observed, cluster_, database_, passwords_, call);
    if (object->meta.being_deleted && assessment.stopped_at() != nullptr &&
        !report_of_steps.failure && std::holds_alternative<Act>(assessment.stopped_at()->verdict)) {
        return AwaitChange{};  // the finalizer is off, so there is nothing left to report on
    }
    report(*object, derive_status(desired, observed, stages, assessment, report_of_steps), call);
    return next_visit(observed, assessment, report_of_steps);
}

Observed DjangoDatabaseReconciler::observe_or_say_why_not(
    const DjangoDatabase& object, const Desired& desired, const CallContext& call
) {
    try {
        return observe(desired, cluster_, database_, clock_, call);
    } catch (const Error& error) {
        // What passes by itself is tried again first; anything else needs a person, who is told.
        if (error.failure().kind != FailureClass::Transient) {
            report(object, derive_unknown_status(object, error.failure(), clock_.now()), call);
        }
        throw;
    }
}

void DjangoDatabaseReconciler::report(
    const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
) {
    if (status == object.status) {
        return;
    }
    cluster_.patch_status(object, status, call);
    const auto* before = find_condition(object.status.conditions, ConditionType::Ready);
    const auto* after = find_condition(status.conditions, ConditionType::Ready);
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
