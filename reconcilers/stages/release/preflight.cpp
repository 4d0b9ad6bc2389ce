// preflight.cpp -- each new Pod template is tried out with the app's own login and environment before anything migrates.
// A probe changes nothing in the database, so several run side by side.
//   no workload                                  -> Satisfied(NoWorkload)
//   probes of what is no longer to be proven     -> Act(RemoveJob of what is not over or runs on for a container beside
//                                                   ours, ExpireJobs of the others), and on if nothing is to be proven
//   a migration is underway, or what it said is
//     not recorded yet, and not all have passed  -> Satisfied, unknown: it has the word first, and ends what it began
//   an app that ran elsewhere would begin with
//     an empty database (cutover.cpp)            -> Blocked(CutoverUnconfirmed)
//   spec.preflight.when is Never                 -> Satisfied(PreflightOff)
//   nothing is to be proven                      -> Satisfied, with what was found; beside it what changed alone is tried
//                                                   out (changed_config.cpp), which holds nothing
//   each environment that is to be proven:
//     a probe said ok in it, and is not of a
//       release that is over                     -> passed; Act(LiftJobDeadline) where its Job goes on for a container
//                                                   beside ours: its word would be lost with the Pod
//     its migration Job met another plan than it
//       found                                    -> Act(StartProbe, next attempt): the plan is judged anew
//     its migration Job is there                 -> passed: it came behind a probe, or an earlier version made it; unless
//                                                   it failed and the spec restricts what the next attempt may do
//     no probe, or of a release that is over     -> Act(StartProbe)
//     its Pod is lost with its node              -> Act(StartProbe, next attempt): it does no harm, should it run on
//     underway, stuck or being removed           -> Wait(PreflightRunning | PreflightJobStuck)
//     failed, to be tried again                  -> Wait(PreflightRetrying), then Act(RemoveJob of the attempts before
//                                                   it, StartProbe)
//       since half an hour                       -> Blocked(as below), once an hour the same Act
//     failed otherwise                           -> Blocked(the Job's own reason | PreflightFailed), behind the same
//                                                   LiftJobDeadline
//   of several: what can be done is done first, then what is blocked is told, then what is waited for
#include "crds/text.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/changed_config.hpp"
#include "reconcilers/stages/release/cutover.hpp"
#include "reconcilers/stages/release/ended_jobs.hpp"
#include "reconcilers/stages/release/job_start.hpp"
#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {
namespace {

constexpr auto kHeld = " New Pods are held and the old ones serve; nothing was migrated for it.";
/// Of a condition's message; the programs are the tenant's.
constexpr std::size_t kLongestMessage = 4096;

Act start(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun* last
) {
    return act_and_stop(
        {Reason::PreflightRunning, "Trying out " + template_of(source) + "."},
        start_probe(desired, observed, source, last)
    );
}

Wait judge_underway(const JobRun& job, const Workload& source, TimePoint now) {
    const auto tries = "tries out " + template_of(source);
    return tell_underway(
        job,
        now,
        {Reason::PreflightRunning,
         tries + ".",
         Reason::PreflightJobStuck,
         tries,
         kHeld + std::string(" Set a fixed image or repair the cause.")}
    );
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
        {reason_shown_for(said.reason, ConditionType::PreflightPassed, Reason::PreflightFailed),
         what_failed + kHeld + to_read + when + job.name + "."}};
}

/// It came behind a probe, or an earlier version made it. Where the spec restricts what it may do, the next attempt needs
/// that probe's word again.
bool speaks_for_its_probe(
    const Desired& desired, const Observed& observed, const JobRun& migration
) {
    const auto end = read_end(migration);
    const bool may_be_repeated = is_over(end) && !said_ok(end);
    return !migration.expires && !is_spent(observed, migration) &&
           !has_met_another_plan(migration) &&
           (!may_be_repeated || !restricts(desired.object.spec.migrations));
}

/// Nothing: it has passed.
std::optional<Verdict> judge(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    const auto* migration =
        latest_attempt(observed.jobs, JobKind::Migrate, revision_of(desired, observed, source));
    const auto* passed = find_passed_probe(desired, observed, source);
    if (passed != nullptr && !is_of_the_past(*passed) &&
        (migration == nullptr || !is_outdated_by(*passed, *migration))) {
        return keep_answer(
            *passed, {Reason::PreflightRunning, "Keeping what Job \"" + passed->name + "\" said."}
        );
    }
    if (migration != nullptr && speaks_for_its_probe(desired, observed, *migration)) {
        return std::nullopt;
    }
    const auto* job = latest_probe(desired, observed, source);
    if (job == nullptr || job->expires || said_ok(read_end(*job)) ||
        find_lost_pod(*job, observed.now) != nullptr) {
        return start(desired, observed, source, job);
    }
    const auto end = read_end(*job);
    if (job->being_deleted || !is_over(end)) {
        return judge_underway(*job, source, observed.now);
    }
    return with_answer_kept(*job, judge_failure(desired, observed, source, *job, end));
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

/// Names of what is to be tried out, as they stand on the Jobs.
std::set<std::string> wanted_probes(const Desired& desired, const Observed& observed) {
    std::set<std::string> names;
    for (const auto& workload : observed.release.workloads) {
        if (is_to_be_proven(desired, observed, workload) ||
            is_changed_alone(desired, observed, workload)) {
            names.insert(probe_name(desired, observed, workload));
        }
    }
    return names;
}

/// Probes that nobody waits for: their template was replaced, or has passed.
std::vector<Step> tidy_up(const Desired& desired, const Observed& observed) {
    const auto wanted = wanted_probes(desired, observed);
    return let_go(observed.jobs, JobKind::Probe, [&](const JobRun& job) {
        return wanted.contains(job.proves);
    });
}

/// Nothing: all that is to be proven has passed.
std::optional<Verdict> judge_all(const Desired& desired, const Observed& observed) {
    if (auto blocked = judge_cutover(desired, observed)) {
        return *std::move(blocked);
    }
    std::vector<Verdict> verdicts;
    if (desired.object.spec.preflight.when != PreflightWhen::Never) {
        for (const auto* source : environments_to_prove(desired, observed)) {
            if (auto verdict = judge(desired, observed, *source)) {
                verdicts.push_back(*std::move(verdict));
            }
        }
    }
    return combine(verdicts);
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
    return beginning_of(joined(" ", found) + joined(" Warnings: ", warnings), kLongestMessage);
}

}  // namespace

Verdict assess_preflight(const Desired& desired, const Observed& observed) {
    if (observed.release.workloads.empty()) {
        return not_applicable({Reason::NoWorkload, "There is no labelled Deployment to try out."});
    }
    const bool is_proven = environments_to_prove(desired, observed).empty();
    if (auto steps = tidy_up(desired, observed); !steps.empty()) {
        Finding finding{Reason::Progressing, "Letting probe Jobs go that nobody waits for."};
        return is_proven ? act_and_continue(std::move(finding), std::move(steps))
                         : act_and_stop(std::move(finding), std::move(steps));
    }
    if (auto verdict = judge_all(desired, observed)) {
        if (is_migrating(desired, observed)) {
            return not_applicable(
                {Reason::WaitingForEarlierStage,
                 "A migration is underway; what is not tried out yet comes behind it."}
            );
        }
        return *std::move(verdict);
    }
    if (desired.object.spec.preflight.when == PreflightWhen::Never) {
        return not_applicable(
            {Reason::PreflightOff,
             "spec.preflight.when is Never: new Pod templates are not tried out before they "
             "migrate."}
        );
    }
    Satisfied passed{
        {Reason::Succeeded,
         "Every Pod template was tried out, or ran before." + said_by_probes(desired, observed)}};
    return is_proven ? with_what_changed(desired, observed, std::move(passed)) : passed;
}

}  // namespace djdb
