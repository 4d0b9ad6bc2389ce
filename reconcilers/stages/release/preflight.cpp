// preflight.cpp -- each new Pod template is tried out with the app's own login and environment before anything migrates.
// A probe changes nothing in the database, so several run side by side, also beside a migration.
//   no workload                                  -> Satisfied(NoWorkload)
//   a probe of what is no longer to be proven is not over, or runs on for a container beside ours
//                                                -> Act(RemoveJob), and the release goes on if nothing is to be proven
//   an app that ran elsewhere would begin with
//     an empty database (cutover.cpp)            -> Blocked(CutoverUnconfirmed)
//   spec.preflight.when is Never                 -> Satisfied(PreflightOff)
//   nothing is to be proven                      -> Satisfied, with what was found; of a ConfigMap or Secret that changed
//                                                   alone (proof.hpp) beside it, since that can't be held:
//     no probe of it, and none of any other
//       within the hour                          -> StartProbe
//     it said ok, or is underway                 -> nothing
//     it failed                                  -> doubted, with its reason: so would the next Pods
//   each environment that is to be proven:
//     a probe said ok in it, and is not of a
//       release that is over                     -> passed
//     its migration Job is there                 -> passed: it came behind a probe, or an earlier version made it
//     no probe, or of a release that is over     -> Act(StartProbe)
//     its Pod is lost with its node              -> Act(StartProbe, next attempt): it does no harm, should it run on
//     underway, stuck or being removed           -> Wait(PreflightRunning | PreflightJobStuck)
//     failed, and its Job goes on to its deadline
//       for a container beside ours              -> Act(LiftJobDeadline): its last word would be lost with the Pod
//     failed, to be tried again                  -> Wait(PreflightRetrying), then Act(RemoveJob of the attempts before
//                                                   it, StartProbe)
//       since half an hour                       -> Blocked(as below), once an hour the same Act
//     failed otherwise                           -> Blocked(the Job's own reason | PreflightFailed)
//   of several: what can be done is done first, then what is blocked is told, then what is waited for
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/cutover.hpp"
#include "reconcilers/stages/release/job_start.hpp"
#include "reconcilers/stages/release/lost_pod.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {
namespace {

/// What is rewritten again and again is tried out no more often.
constexpr std::chrono::hours kChangesEvery{1};

constexpr auto kHeld = " New Pods are held and the old ones serve; nothing was migrated.";

std::string template_of(const Workload& workload) {
    return "the Pod template of Deployment \"" + workload.meta.key.name.str() + "\"";
}

Act start(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun* last
) {
    std::vector<Step> steps;
    for (const auto& job : observed.jobs) {
        if (last != nullptr && job.kind == JobKind::Probe && job.revision == last->revision &&
            job.attempt < last->attempt && !is_of_the_past(job)) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    // Before it the gate refuses what has no app container.
    const auto image = app_image(source, desired.object.spec.app).value_or(ImageRef(""));
    steps.emplace_back(StartProbe{
        {source,
         revision_of(desired, observed, source),
         image,
         last == nullptr ? 1 : last->attempt + 1,
         proof_name(desired, observed, source)}});
    return act_and_stop(
        {Reason::PreflightRunning, "Trying out " + template_of(source) + "."}, std::move(steps)
    );
}

Wait judge_underway(const JobRun& job, const Workload& source, TimePoint now) {
    const auto lost_at = when_lost(job, now);
    if (job.being_deleted) {
        return Wait{
            {Reason::PreflightRunning,
             "Job \"" + job.name + "\" is being removed; the next attempt follows."},
            lost_at};
    }
    const auto look_again = earlier(next_look(job, now), lost_at);
    if (const auto why = why_not_started(job, now); !why.empty()) {
        return Wait{
            {Reason::PreflightJobStuck,
             "Job \"" + job.name + "\", which tries out " + template_of(source) +
                 ", can't start: " + why + "." + kHeld + " Set a fixed image or repair the cause."},
            look_again};
    }
    return Wait{
        {Reason::PreflightRunning,
         "Job \"" + job.name + "\" tries out " + template_of(source) + "."},
        look_again};
}

/// The program is the tenant's: its word is shown only if it belongs in this condition.
Reason reason_shown_for(const std::string& word) {
    const auto reason = parse_reason(word);
    return reason && appears_in(*reason, ConditionType::PreflightPassed) ? *reason
                                                                         : Reason::PreflightFailed;
}

Verdict judge_failure(
    const Desired& desired,
    const Observed& observed,
    const Workload& source,
    const JobRun& job,
    const JobEnd& end
) {
    const auto said = explain(end);
    const auto& policy = retry_policy(job.kind);
    const auto what_failed = "Job \"" + job.name + "\" tried out " + template_of(source) +
                             " and ended with " + said.reason + ": " + said.message + ".";
    const auto again = next_attempt(policy, end, job.attempt);
    if (again && observed.now >= *again) {
        return start(desired, observed, source, &job);
    }
    if (again && !is_rare(policy, job.attempt)) {
        return Wait{{Reason::PreflightRetrying, what_failed + " It will be tried again."}, again};
    }
    const auto to_read =
        job.pods.empty() ? " Its Pod and its log are gone; read kubectl describe job " + job.name
                         : " Read kubectl logs job/" + job.name;
    const std::string when = again ? "; it is tried again once an hour, or immediately after "
                                     "kubectl delete job "
                                   : "; correct the template or set a fixed image, or try this one "
                                     "again by kubectl delete job ";
    return Blocked{
        {reason_shown_for(said.reason), what_failed + kHeld + to_read + when + job.name + "."}};
}

/// Nothing: it has passed.
std::optional<Verdict> judge(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    const auto* passed = find_passed_probe(desired, observed, source);
    if (passed != nullptr && !is_of_the_past(*passed)) {
        return std::nullopt;
    }
    const auto* migration = latest_migration(observed.jobs, revision_of(desired, observed, source));
    if (migration != nullptr && !migration->expires && !is_spent(observed, *migration)) {
        return std::nullopt;
    }
    const auto* job = latest_probe(desired, observed, source);
    if (job == nullptr || job->expires || find_lost_pod(*job, observed.now) != nullptr) {
        return start(desired, observed, source, job);
    }
    const auto end = read_end(*job);
    if (job->being_deleted || !is_over(end)) {
        return judge_underway(*job, source, observed.now);
    }
    auto verdict = judge_failure(desired, observed, source, *job, end);
    if (!std::holds_alternative<Act>(verdict) && outlives_its_part(*job) && job->has_deadline) {
        const auto finding = std::visit([](const auto& found) { return found.finding; }, verdict);
        return act_and_stop(finding, {LiftJobDeadline{job->name, job->uid}});
    }
    return verdict;
}

/// Of the verdicts the one that is told: what can be done is done for all together.
std::optional<Verdict> combine(const std::vector<Verdict>& verdicts) {
    std::vector<Step> steps;
    std::optional<TimePoint> until;
    for (const auto& verdict : verdicts) {
        std::ranges::copy(steps_of(verdict), std::back_inserter(steps));
        if (const auto* wait = std::get_if<Wait>(&verdict)) {
            until = earlier(until, wait->until);
        }
    }
    const auto first = [&]<class Kind>(std::type_identity<Kind>) -> const Kind* {
        const auto found = std::ranges::find_if(verdicts, [](const Verdict& one) {
            return std::holds_alternative<Kind>(one);
        });
        return found == verdicts.end() ? nullptr : &std::get<Kind>(*found);
    };
    if (const auto* act = first(std::type_identity<Act>{})) {
        return act_and_stop(act->finding, std::move(steps));
    }
    if (const auto* blocked = first(std::type_identity<Blocked>{})) {
        return *blocked;
    }
    if (const auto* wait = first(std::type_identity<Wait>{})) {
        return Wait{wait->finding, until};
    }
    return std::nullopt;
}

/// Their ConfigMaps or Secrets changed alone.
bool is_changed_alone(const Desired& desired, const Observed& observed, const Workload& workload) {
    return !workload.hold && proof_of(desired, observed, workload) == Proof::ConfigChanged;
}

/// Probes that nobody waits for: their template was replaced, or has passed.
std::vector<Step> tidy_up(const Desired& desired, const Observed& observed) {
    std::vector<Step> steps;
    for (const auto& job : observed.jobs) {
        const auto is_its = [&](const Workload& workload) {
            return (is_to_be_proven(desired, observed, workload) ||
                    is_changed_alone(desired, observed, workload)) &&
                   proof_name(desired, observed, workload) == job.proves;
        };
        const bool is_wanted = std::ranges::any_of(observed.release.workloads, is_its);
        if (job.kind == JobKind::Probe && !job.being_deleted && !is_wanted &&
            (!is_over(read_end(job)) || outlives_its_part(job))) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    return steps;
}

std::string joined(const std::string& before, const std::vector<std::string>& sentences) {
    std::string text;
    for (const auto& sentence : sentences) {
        text += (text.empty() ? before : "; ") + sentence;
    }
    return text.empty() ? text : text + ".";
}

/// What the probes of these templates say, each sentence once: of an app that works, then what is no reason to hold it.
std::string said_by_probes(const Desired& desired, const Observed& observed) {
    std::vector<std::string> found;
    std::vector<std::string> warnings;
    const auto add = [](std::vector<std::string>& all, const std::string& sentence) {
        if (!sentence.empty() && std::ranges::find(all, sentence) == all.end()) {
            all.push_back(sentence);
        }
    };
    for (const auto& workload : observed.release.workloads) {
        if (const auto* probe = find_passed_probe(desired, observed, workload)) {
            const auto end = read_end(*probe);
            const auto& answer = std::get<Answered>(end);
            add(found, answer.message);
            std::ranges::for_each(answer.warnings, [&](const auto& one) { add(warnings, one); });
        }
    }
    return joined(" ", found) + joined(" Warnings: ", warnings);
}

bool may_try_changes(const Observed& observed) {
    return std::ranges::none_of(observed.jobs, [&](const JobRun& job) {
        return job.kind == JobKind::Probe && observed.now - job.created < kChangesEvery;
    });
}

/// How the next Pods of a template will fare with what was changed under it; nothing: well, as far as is known.
std::optional<Satisfied> look_ahead(const Desired& desired, const Observed& observed) {
    for (const auto& workload : observed.release.workloads) {
        if (!is_changed_alone(desired, observed, workload)) {
            continue;
        }
        const auto* job = latest_probe(desired, observed, workload);
        if (job == nullptr && find_passed_probe(desired, observed, workload) == nullptr &&
            may_try_changes(observed)) {
            auto starting = start(desired, observed, workload, nullptr);
            return Satisfied{
                std::move(starting.finding), Confidence::Holds, std::move(starting.steps)};
        }
        const auto end = job == nullptr ? JobEnd{} : read_end(*job);
        if (is_over(end) && !said_ok(end)) {
            const auto said = explain(end);
            return satisfied_with_warning(
                {reason_shown_for(said.reason),
                 "Job \"" + job->name + "\" tried out " + template_of(workload) + " with " +
                     changed_configs(desired, observed, workload) +
                     " as changed since, and ended with " + said.reason + ": " + said.message +
                     ". The Pods that run go on; new ones would meet the same. Correct what was "
                     "changed."}
            );
        }
    }
    return std::nullopt;
}

}  // namespace

Verdict assess_preflight(const Desired& desired, const Observed& observed) {
    if (observed.release.workloads.empty()) {
        return not_applicable({Reason::NoWorkload, "There is no labelled Deployment to try out."});
    }
    const auto environments = environments_to_prove(desired, observed);
    if (auto steps = tidy_up(desired, observed); !steps.empty()) {
        Finding finding{Reason::Progressing, "Removing probe Jobs that nobody waits for."};
        return environments.empty() ? act_and_continue(std::move(finding), std::move(steps))
                                    : act_and_stop(std::move(finding), std::move(steps));
    }
    if (auto blocked = judge_cutover(desired, observed)) {
        return *std::move(blocked);
    }
    if (desired.object.spec.preflight.when == PreflightWhen::Never) {
        return not_applicable(
            {Reason::PreflightOff,
             "spec.preflight.when is Never: new Pod templates are not tried out before they "
             "migrate."}
        );
    }
    std::vector<Verdict> verdicts;
    for (const auto* source : environments) {
        if (auto verdict = judge(desired, observed, *source)) {
            verdicts.push_back(*std::move(verdict));
        }
    }
    if (auto verdict = combine(verdicts)) {
        return *std::move(verdict);
    }
    if (auto ahead = look_ahead(desired, observed)) {
        return *std::move(ahead);
    }
    return Satisfied{
        {Reason::Succeeded,
         "Every Pod template was tried out, or ran before." + said_by_probes(desired, observed)}};
}

}  // namespace djdb
