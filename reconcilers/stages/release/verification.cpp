// verification.cpp -- a release has succeeded when what rolled out was proven to work, with the app's own login.
//   no workload                                  -> Satisfied(NoWorkload)
//   Jobs that proved what is no longer to be     -> Act(RemoveJob of what is not over or runs on for a container beside
//                                                   ours, ExpireJobs of the others), and on
//   spec.verify.when is Never                    -> Satisfied(VerifyOff)
//   nothing is to be proven                      -> Satisfied, with what was proven
//   the last Job:
//     none                                       -> Act(StartVerify)
//     its Pod is lost with its node              -> Act(StartVerify, next attempt): it does no harm, should it run on
//     underway, stuck or being removed           -> Wait(VerifyRunning | VerifyJobStuck)
//     failed, to be tried again                  -> Wait(VerifyRetrying), then Act(RemoveJob of the attempts before it,
//                                                   StartVerify)
//       since half an hour                       -> Blocked(as below), once an hour the same Act
//     failed otherwise                           -> the same, once an hour: what was in the way may be gone
//     said ok, and a new Pod restarted lately    -> Blocked(PodsRestarted)
//     said ok, less than spec.verify.soak ago    -> Wait(VerifyRunning)
//     said ok                                    -> Act(RecordVerified)
//   what it said is kept until then: Act(LiftJobDeadline) where its Job goes on for a container beside ours
// The release serves in all of these: it has rolled out. What the operator was not given the right to see is told with
// what was proven and holds nothing.
#include "crds/text.hpp"
#include "reconcilers/app_template.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/ended_jobs.hpp"
#include "reconcilers/stages/release/job_start.hpp"
#include "reconcilers/stages/release/pod_labels.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/verify_jobs.hpp"
#include "reconcilers/stages/release/way_back.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {
namespace {

constexpr auto kServes = " The release serves meanwhile.";
constexpr std::chrono::hours kRarePause{1};
/// Of what the ledger keeps; the program is the tenant's.
constexpr std::size_t kLongestProof = 1500;

Verdict start(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun* last
) {
    const auto name = verify_name(desired, observed);
    auto steps = remove_others(observed.jobs, JobKind::Verify, name, last);
    // Before it the gate refuses what has no app container.
    const auto image = app_image(source, desired.object.spec.app).value_or(ImageRef(""));
    steps.emplace_back(StartVerify{
        {source,
         Revision(name),
         image,
         last == nullptr ? 1 : last->attempt + 1,
         name,
         pod_labels(desired, observed, source)}});
    return act_and_stop(
        {Reason::VerifyRunning, "Proving that " + image.str() + " reads and writes." + kServes},
        std::move(steps)
    );
}

Wait judge_underway(const JobRun& job, TimePoint now) {
    return tell_underway(
        job,
        now,
        {Reason::VerifyRunning,
         "proves that " + job.image.str() + " reads and writes." + kServes,
         Reason::VerifyJobStuck,
         "is to prove the release",
         kServes + std::string(" Repair the cause.")}
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
    const auto what_failed = "Job \"" + job.name + "\" was to prove " + job.image.str() +
                             " and ended with " + said.reason + ": " + said.message + ".";
    const auto& policy = retry_policy(job.kind);
    const auto soon = next_attempt(policy, end, job.attempt);
    const auto again = soon.value_or(std::max(job.finished, job.created) + kRarePause);
    if (observed.now >= again) {
        return start(desired, observed, source, &job);
    }
    if (soon && !is_rare(policy, job.attempt)) {
        return Wait{
            {Reason::VerifyRetrying, what_failed + kServes + " It will be tried again."}, again};
    }
    return Blocked{
        {reason_shown_for(said.reason, ConditionType::Verified, Reason::VerifyFailed),
         what_failed + " The release has rolled out and serves." + way_back(desired, observed) +
             " Read kubectl logs job/" + job.name +
             ". Set a fixed image; this one is tried again once an hour, or immediately after "
             "kubectl "
             "delete job " +
             job.name + "."}};
}

std::string times(std::int64_t count) {
    return count == 1 ? "once" : std::to_string(count) + " times";
}

Blocked judge_restart(const AppPod& pod, const std::string& way_back) {
    const auto& [container, reason, exit_code, finished] = known(pod.last_restart);
    return Blocked{
        {Reason::PodsRestarted,
         "Pod \"" + pod.name + "\" of the new release has restarted " + times(pod.restarts) +
             ": its container " + container + " ended with " + reason + " (exit code " +
             std::to_string(exit_code) + ") at " + format_time(finished) +
             ". Read kubectl logs --previous " + pod.name + " -c " + container + "." + way_back +
             " The release counts as proven once no Pod of it has restarted for a while."}};
}

std::string told_by_pods(const Desired& desired, const Observed& observed) {
    if (!observed.release.new_pods) {
        return "; its new Pods could not be listed";
    }
    const auto count = observed.release.new_pods->size();
    return "; no container of its " + std::to_string(count) + " new Pods restarted in " +
           std::to_string(desired.object.spec.verify.soak.count()) + " s";
}

/// Behind NAT or a pooler they come from other addresses; all began behind the rollout, which waits for the old Pods.
std::string told_by_sessions(const Observed& observed) {
    const auto& [pods, sessions] = std::tie(observed.release.new_pods, observed.release.sessions);
    if (!sessions) {
        return "; its sessions could not be listed";
    }
    if (sessions->empty()) {
        return "; no session of its login was open at that moment, as is usual with CONN_MAX_AGE 0";
    }
    const auto all = pods.value_or(std::vector<AppPod>{});
    const auto seen = std::ranges::count_if(all, [&](const AppPod& pod) {
        return std::ranges::any_of(*sessions, [&](const AppSession& session) {
            return std::ranges::find(pod.addresses, session.address) != pod.addresses.end();
        });
    });
    const auto count = std::to_string(sessions->size()) +
                       (sessions->size() == 1 ? " session" : " sessions") +
                       " of its login on the server";
    if (std::ranges::none_of(*sessions, [](const AppSession& one) {
            return one.began.has_value();
        })) {
        return "; " + count + ", whose addresses the administrator may not see";
    }
    if (seen != 0) {
        return "; " + std::to_string(seen) + " of " + std::to_string(all.size()) +
               " new Pods have sessions on the server, seen by their addresses";
    }
    return "; " + count + ", from addresses that are not its Pods'";
}

/// The Job ran with the first one's environment.
std::string what_was_not_tried(
    const Desired& desired, const Observed& observed, const std::vector<const Workload*>& due
) {
    const auto tried = proof_name(desired, observed, *due.front());
    std::string others;
    for (const auto* workload : due) {
        if (proof_name(desired, observed, *workload) != tried) {
            others += (others.empty() ? "" : ", ") + workload->meta.key.name.str();
        }
    }
    return others.empty() ? ""
                          : "; tried in Deployment " + due.front()->meta.key.name.str() +
                                ", and not in the other environment of " + others;
}

/// By the node's clock, unless that is ahead: a soak would last until it is reached.
TimePoint when_said(const Observed& observed, const JobRun& job, const Answered& answer) {
    const auto said = answer.finished > observed.now ? job.finished : answer.finished;
    return std::max(said, job.created);
}

std::string what_is_left(const VerifySpec& spec) {
    return spec.http.service.empty() && spec.command.empty()
               ? ". Not proven: a path or command of the app (spec.verify.http and command name "
                 "one)"
               : "";
}

Verdict judge_success(
    const Desired& desired,
    const Observed& observed,
    const std::vector<const Workload*>& due,
    const JobRun& job,
    const Answered& answer
) {
    const auto& spec = desired.object.spec.verify;
    if (const auto* pod = find_restarted(desired, observed)) {
        return judge_restart(*pod, way_back(desired, observed));
    }
    if (const auto until = when_said(observed, job, answer) + spec.soak; observed.now < until) {
        return Wait{
            {Reason::VerifyRunning,
             job.image.str() + " reads and writes; its new Pods are watched until " +
                 format_time(until) + "."},
            until};
    }
    RecordVerified record;
    for (const auto* workload : due) {
        record.templates.push_back(*find_pass(desired, observed, *workload));
    }
    record.said = beginning_of(
        answer.message + what_was_not_tried(desired, observed, due) +
            told_by_pods(desired, observed) + told_by_sessions(observed) + what_is_left(spec),
        kLongestProof
    );
    return act_and_stop(
        {Reason::Progressing, "Recording that " + job.image.str() + " works."}, {std::move(record)}
    );
}

Verdict judge(
    const Desired& desired, const Observed& observed, const std::vector<const Workload*>& due
) {
    const auto& source = *due.front();
    const auto* job = latest_verify_job(desired, observed);
    if (job == nullptr || find_lost_pod(*job, observed.now) != nullptr) {
        return start(desired, observed, source, job);
    }
    const auto end = read_end(*job);
    if (job->being_deleted || !is_over(end)) {
        return judge_underway(*job, observed.now);
    }
    const auto* answer = std::get_if<Answered>(&end);
    return with_answer_kept(
        *job,
        answer != nullptr && answer->ok ? judge_success(desired, observed, due, *job, *answer)
                                        : judge_failure(desired, observed, source, *job, end)
    );
}

/// Each sentence once: the Deployments of a release were mostly proven together.
std::string what_was_proven(const Desired& desired, const Observed& observed) {
    std::vector<std::string> said;
    for (const auto& workload : observed.release.workloads) {
        const auto* pass = find_pass(desired, observed, workload);
        if (pass != nullptr && pass->verified &&
            std::ranges::find(said, *pass->verified) == said.end()) {
            said.push_back(*pass->verified);
        }
    }
    return said.empty() ? "It passed before releases were proven." : join(said, "; ") + ".";
}

}  // namespace

Verdict assess_verification(const Desired& desired, const Observed& observed) {
    if (observed.release.workloads.empty()) {
        return not_applicable({Reason::NoWorkload, "There is no labelled Deployment to prove."});
    }
    const auto wanted = verify_name(desired, observed);
    auto steps = let_go(observed.jobs, JobKind::Verify, [&](const JobRun& job) {
        return !wanted.empty() && job.proves == wanted;
    });
    if (!steps.empty()) {
        return act_and_continue(
            {Reason::Progressing, "Letting Jobs go that have proven what they were to."},
            std::move(steps)
        );
    }
    if (desired.object.spec.verify.when == VerifyWhen::Never) {
        return not_applicable(
            {Reason::VerifyOff,
             "spec.verify.when is Never: whether a release works once it has rolled out is not "
             "looked at."}
        );
    }
    const auto due = to_be_verified(desired, observed);
    return due.empty() ? Satisfied{{Reason::Succeeded, what_was_proven(desired, observed)}}
                       : judge(desired, observed, due);
}

}  // namespace djdb
