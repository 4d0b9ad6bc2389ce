// rollout.cpp -- the gate opens for all labelled Deployments, and Ready waits until no old Pod is left.
//   no workload                              -> Satisfied(NoWorkload)
//   a Deployment held by the gate            -> Act(OpenGate), each with the resourceVersion that was judged
//   its progress deadline passed             -> Blocked(RolloutTimedOut)
//   one not rolled out (release.hpp)         -> Wait(RollingOut)
//   all rolled, finished Jobs are kept       -> Act(ExpireJobs): what they said is recorded
//   all rolled                               -> Satisfied
// Once rolled out, a template stays so while it is scaled or loses Pods: that is the Deployment's own
// condition Available. Old Pods that are ending, and may still write, are known by the Deployment's
// status.terminatingReplicas alone, since no watch has an app's Pods; a cluster that does
// not serve that field (feature gate DeploymentReplicaSetTerminatingReplicas off) leaves them out.
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/stages/release/way_back.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {
namespace {

std::string what_is_awaited(const Workload& workload) {
    const auto name = workload.meta.key.name.str();
    return workload.pods == PodsState::Terminating
               ? "the last old Pods of " + name + " to end (they may still write)"
               : "new Pods of " + name;
}

std::string what_is_awaited(const Desired& desired, const std::vector<Workload>& workloads) {
    std::string waiting;
    for (const auto& workload : workloads) {
        if (!is_rolled_out(desired, workload)) {
            waiting += (waiting.empty() ? "" : ", ") + what_is_awaited(workload);
        }
    }
    return waiting;
}

/// Also those whose end the Job controller has not noticed yet: their time runs from then on. What verifies comes behind.
std::vector<std::string> jobs_to_expire(const Observed& observed) {
    std::vector<std::string> names;
    for (const auto& job : observed.jobs) {
        if (job.kind != JobKind::Verify && is_over(read_end(job)) && !job.expires &&
            !job.being_deleted) {
            names.push_back(job.name);
        }
    }
    return names;
}

}  // namespace

Verdict assess_rollout(const Desired& desired, const Observed& observed) {
    if (observed.release.workloads.empty()) {
        return not_applicable({Reason::NoWorkload, "There is no labelled Deployment to roll out."});
    }
    std::vector<Step> open;
    for (const auto& workload : observed.release.workloads) {
        if (is_held(workload)) {
            open.emplace_back(OpenGate{workload});
        }
    }
    if (!open.empty()) {
        return act_and_stop(
            {Reason::RollingOut,
             "Opening the gate for " + std::to_string(open.size()) + " Deployments."},
            open
        );
    }
    for (const auto& workload : observed.release.workloads) {
        if (workload.progress_deadline_exceeded && !is_rolled_out(desired, workload)) {
            return Blocked{
                {Reason::RolloutTimedOut,
                 "Deployment \"" + workload.meta.key.name.str() +
                     "\" exceeded its progress deadline. The database is migrated; "
                     "read kubectl rollout status and the new Pods' logs." +
                     way_back(desired, observed)}};
        }
    }
    if (const auto waiting = what_is_awaited(desired, observed.release.workloads);
        !waiting.empty()) {
        return Wait{{Reason::RollingOut, "Waiting for " + waiting + "."}, std::nullopt};
    }
    if (auto jobs = jobs_to_expire(observed); !jobs.empty()) {
        return act_and_stop(
            {Reason::Progressing, "Letting finished Jobs expire."}, {ExpireJobs{std::move(jobs)}}
        );
    }
    return Satisfied{
        {Reason::Succeeded,
         // NOLINTNEXTLINE(bugprone-unchecked-optional-access): before it the gate holds what differs
         "All labelled Deployments run " + common_image(desired, observed)->str() + "."}};
}

}  // namespace djdb
