#include "reconcilers/status/events.hpp"

#include "crds/text.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/failure_reason.hpp"

#include <algorithm>
#include <utility>

namespace djdb {
namespace {

const Condition* find_ready(const DjangoDatabaseStatus& status) {
    const auto found = std::ranges::find(status.conditions, ConditionType::Ready, &Condition::type);
    return found == status.conditions.end() ? nullptr : &*found;
}

/// Reasons that pass by themselves: an Event for each would hide those that matter. Deployments get
/// a new image one after the other, so that every release of two begins with ImagesDiverge.
bool is_on_the_way(Reason reason) {
    return reason == Reason::ImagesDiverge || reason == Reason::Progressing ||
           reason == Reason::WaitingForEarlierStage || reason == Reason::PreflightRunning ||
           reason == Reason::BackupRunning || reason == Reason::MigrationRunning ||
           reason == Reason::RollingOut || reason == Reason::VerifyRunning ||
           reason == Reason::Deleting;
}

bool repairs(const StepOutcome& outcome, const Drift& drift) {
    return !outcome.failure &&
           ((drift.repair() == Repair::Roles && outcome.step.is<CreateRoles>()) ||
            (drift.repair() == Repair::Database && outcome.step.is<ConfigureDatabase>()));
}

/// What differed without anybody having asked for something else, and does not any more.
std::vector<std::string> find_repaired(
    const Desired& desired, const Observed& observed, const Outcomes& outcomes
) {
    const auto& object = desired.object;
    const bool is_asked_anew = object.status.observed_generation != object.meta.generation;
    std::vector<std::string> repaired;
    if (is_asked_anew || !observed.tenant || !observed.tenant->was_configured) {
        return repaired;
    }
    for (const auto& outcome : outcomes) {
        for (const auto& drift : all_drift(observed)) {
            if (repairs(outcome, drift)) {
                repaired.push_back(drift.sentence());
            }
        }
    }
    return repaired;
}

Event event_of(const DjangoDatabase& object, const StepOutcome::Note& note) {
    return note.is_warning ? warning_event(object, note.reason, note.message)
                           : normal_event(object, note.reason, note.message);
}

}  // namespace

std::vector<Event> events_of_steps(
    const Desired& desired, const Observed& observed, const Outcomes& outcomes
) {
    std::vector<Event> events;
    for (const auto& outcome : outcomes) {
        for (const auto& note : outcome.notes) {
            events.push_back(event_of(desired.object, note));
        }
    }
    if (const auto repaired = find_repaired(desired, observed, outcomes); !repaired.empty()) {
        events.push_back(
            normal_event(desired.object, "DriftRepaired", "Repaired: " + join(repaired, " "))
        );
    }
    return events;
}

std::vector<Event> events_of_change(
    const DjangoDatabase& before, const DjangoDatabaseStatus& after
) {
    const auto* was = find_ready(before.status);
    const auto* is = find_ready(after);
    if (is == nullptr || (was != nullptr && was->reason == is->reason)) {
        return {};
    }
    const bool is_ready = is->status == ConditionStatus::True;
    if (!is_ready && is_on_the_way(is->reason)) {
        return {};
    }
    return {event_of(before, {!is_ready, std::string(to_string(is->reason)), is->message})};
}

std::vector<Event> events_of_record(const DjangoDatabase& object, const Failure& failure) {
    if (is_overtaken(failure)) {
        return {};
    }
    return {warning_event(
        object,
        "ReleaseNotRecorded",
        "The release goes on, and its DjangoRelease does not tell all of it: " + failure.message +
            (failure.kind == FailureClass::Forbidden
                 ? ". Renew the operator's rights: helm upgrade with this version's chart."
                 : ".")
    )};
}

std::vector<Event> events_of_missing(
    const ObjectKey& database, const std::vector<Workload>& workloads
) {
    std::vector<Event> events;
    for (const auto& workload : workloads) {
        if (is_held(workload)) {
            events.push_back(warning_event(
                workload.meta,
                "DatabaseNotFound",
                "Its new Pods are held: its label names DjangoDatabase \"" + database.name.str() +
                    "\", which does not exist in this namespace. Create it, or correct or remove "
                    "the label djangodb.io/database and run kubectl rollout resume."
            ));
        }
    }
    return events;
}

}  // namespace djdb
