// gate.cpp -- a release starts only behind an intact gate, from workloads that agree.
//   no labelled workload                          -> Satisfied(NoWorkload)
//   policy or binding missing or altered          -> Blocked(GateMissing)
//   a template without the app container          -> Blocked(AppContainerMissing)
//   held, its image already passed                -> Act(OpenGate): a restart, a changed limit
//   not held but marked, its image passed         -> Act(OpenGate): it takes the mark away, which would hide a user's pause
//   paused by a user                              -> Wait(PausedByUser)
//   images differ                                 -> Wait(ImagesDiverge)
//   not held although its image has not passed    -> Satisfied, doubted (UngatedRollout): migrate it all the same,
//                                                    for its code may already run
//   else                                          -> Satisfied
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <utility>

namespace djdb {
namespace {

std::string quoted(const Workload& workload) {
    return "Deployment \"" + workload.meta.key.name.str() + "\"";
}

Verdict hold_because_images_diverge(const Desired& desired, const Observed& observed) {
    std::string list;
    for (const auto& workload : observed.release.workloads) {
        const auto image = app_image(workload, desired.object.spec.app);
        list += (list.empty() ? "" : ", ") + workload.meta.key.name.str() + "=" +
                (image ? image->str() : "?");
    }
    return Wait{
        {Reason::ImagesDiverge,
         "The labelled Deployments ask for different images (" + list +
             "). New Pods are held and the old ones serve; set one image in all."},
        std::nullopt};
}

std::vector<Step> open_what_passed(const Desired& desired, const Observed& observed) {
    std::vector<Step> steps;
    for (const auto& workload : observed.release.workloads) {
        const auto image = app_image(workload, desired.object.spec.app);
        const bool is_remainder = !workload.hold && workload.is_marked;
        if (image && (is_held(workload) || is_remainder) && has_passed(observed, *image)) {
            steps.emplace_back(OpenGate{workload});
        }
    }
    return steps;
}

std::optional<Verdict> refuse(const Desired& desired, const Observed& observed) {
    if (observed.release.gate != GateState::Intact) {
        return Blocked{
            {Reason::GateMissing,
             std::string{"The admission policy djangodb-release-gate or its binding is "} +
                 (observed.release.gate == GateState::Missing ? "missing" : "altered") +
                 ", so new images would roll without a migration. Nothing is released; delete what "
                 "is left of both and "
                 "run helm upgrade."}};
    }
    for (const auto& workload : observed.release.workloads) {
        if (!app_image(workload, desired.object.spec.app)) {
            return Blocked{
                {Reason::AppContainerMissing,
                 quoted(workload) + " has no container \"" + desired.object.spec.app.container +
                     "\". It stays held; correct spec.app.container."}};
        }
    }
    return std::nullopt;
}

}  // namespace

Verdict assess_gate(const Desired& desired, const Observed& observed) {
    if (observed.release.workloads.empty()) {
        return not_applicable(
            {Reason::NoWorkload,
             "No Deployment carries the label djangodb.io/database: " +
                 desired.object.meta.key.name.str() + " yet."}
        );
    }
    if (const auto blocked = refuse(desired, observed)) {
        return *blocked;
    }
    if (auto steps = open_what_passed(desired, observed); !steps.empty()) {
        return act_and_stop(
            {Reason::Progressing, "Letting through Pod templates whose image already passed."},
            std::move(steps)
        );
    }
    for (const auto& workload : observed.release.workloads) {
        if (is_paused_by_user(workload)) {
            return Wait{
                {Reason::PausedByUser,
                 quoted(workload) + " was paused by \"" + workload.held_by +
                     "\". Nothing is released until kubectl rollout resume."},
                std::nullopt};
        }
    }
    const auto image = common_image(desired, observed);
    if (!image) {
        return hold_because_images_diverge(desired, observed);
    }
    for (const auto& workload : observed.release.workloads) {
        if (!workload.hold && !has_passed(observed, *image)) {
            return satisfied_with_warning(
                {Reason::UngatedRollout,
                 quoted(workload) + " rolls out " + image->str() +
                     " although it has not passed: it was changed while the gate "
                     "was off or before it was labelled. It is migrated now."}
            );
        }
    }
    return Satisfied{
        {Reason::Succeeded, "The gate holds every new Pod template until its image has passed."}};
}

}  // namespace djdb
