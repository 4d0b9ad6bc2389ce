// gate.cpp -- a release starts only behind an intact gate, from workloads that agree.
//   no labelled workload                          -> Satisfied(NoWorkload)
//   policy or binding missing or altered          -> Blocked(GateMissing)
//   a template without the app container          -> Blocked(AppContainerMissing)
//   rolled out under a version that noted its image
//     and no template of it                       -> Act(RecordPassed): it passed
//   held, its template passed                     -> Act(OpenGate): a restart, a changed limit
//   not held but marked, its template passed      -> Act(OpenGate): it takes the mark away, which would hide a user's pause
//   paused by a user                              -> Wait(PausedByUser)
//   images differ                                 -> Wait(ImagesDiverge)
//   not held although its template never passed   -> Satisfied, doubted (UngatedRollout): migrate it all the same,
//                                                    for its code may already run
//   what it names changed alone                   -> Satisfied, doubted (ConfigChanged): the next template is held
//   else                                          -> Satisfied, with what may go wrong in any rollout (rollout_warnings)
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/rollout_warnings.hpp"
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
        const bool is_remainder = !workload.hold && workload.is_marked;
        if ((is_held(workload) || is_remainder) && has_passed(desired, observed, workload)) {
            steps.emplace_back(OpenGate{workload});
        }
    }
    return steps;
}

/// What the version before let pass has no template in the ledger.
std::vector<PassedTemplate> passed_before(const Desired& desired, const Observed& observed) {
    std::vector<PassedTemplate> passed;
    for (const auto& workload : observed.release.workloads) {
        if (observed.release.applied && passed_before_templates(desired, observed, workload)) {
            passed.push_back(a_pass_of(desired, observed, workload, "", ResourceUid("")));
            passed.back().verified.reset();  // it serves
        }
    }
    return passed;
}

/// Of what is not held: its Pods run, or are being made.
std::optional<Verdict> doubt(const Desired& desired, const Observed& observed) {
    for (const auto& workload : observed.release.workloads) {
        const auto proof = proof_of(desired, observed, workload);
        if (!workload.hold && proof == Proof::None) {
            const auto image = app_image(workload, desired.object.spec.app);
            return satisfied_with_warning(
                {Reason::UngatedRollout,
                 quoted(workload) + " rolls out " + (image ? image->str() : "") +
                     " with a template that has not passed: it was changed while the gate "
                     "was off or before it was labelled. It is migrated now."}
            );
        }
        if (!workload.hold && proof == Proof::ConfigChanged) {
            return satisfied_with_warning(
                {Reason::ConfigChanged,
                 changed_configs(desired, observed, workload) + " changed since " +
                     quoted(workload) +
                     " passed. Its Pods have the old content, or what is mounted already the new "
                     "one; the next change of its template, a restart included, is held and "
                     "proven."}
            );
        }
    }
    return std::nullopt;
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
                 quoted(workload) + " has no container \"" +
                     app_container(workload, desired.object.spec.app) +
                     "\". It stays held; correct " +
                     (workload.app_container.empty()
                          ? "spec.app.container, or name its own by the annotation "
                            "djangodb.io/container."
                          : "its annotation djangodb.io/container.")}};
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
    if (auto passed = passed_before(desired, observed); !passed.empty()) {
        return act_and_stop(
            {Reason::Progressing, "Recording the templates that an earlier version let pass."},
            {RecordPassed{std::move(passed)}}
        );
    }
    if (auto steps = open_what_passed(desired, observed); !steps.empty()) {
        return act_and_stop(
            {Reason::Progressing, "Letting through Pod templates that already passed."},
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
    if (!common_image(desired, observed)) {
        return hold_because_images_diverge(desired, observed);
    }
    if (auto doubted = doubt(desired, observed)) {
        return *std::move(doubted);
    }
    return Satisfied{
        {Reason::Succeeded,
         "The gate holds every new Pod template until it has passed." +
             rollout_warnings(desired, observed)}};
}

}  // namespace djdb
