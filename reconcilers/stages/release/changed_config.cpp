// changed_config.cpp -- whether new Pods would work with a ConfigMap or Secret that changed alone. It holds nothing.
//   no workload's has changed                   -> as it is
//   no probe of it yet, or it met what passes by
//     itself, and no other probe within the hour -> StartProbe beside it
//   its Job goes on for a container beside ours -> LiftJobDeadline beside it
//   it can't start                              -> doubted(PreflightJobStuck): nor could new Pods
//   it failed, and would again                  -> doubted(the Job's own reason | PreflightFailed)
//   it said ok, is underway, or may be tried
//     again later                               -> as it is
#include "reconcilers/stages/release/changed_config.hpp"

#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/job_start.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace djdb {
namespace {

/// What is rewritten again and again is tried out no more often.
constexpr std::chrono::hours kEvery{1};

bool may_start(const Observed& observed) {
    return std::ranges::none_of(observed.jobs, [&](const JobRun& job) {
        return job.kind == JobKind::Probe && observed.now - job.created < kEvery;
    });
}

Satisfied warn(
    const Desired& desired,
    const Observed& observed,
    const Workload& workload,
    Reason reason,
    const std::string& what
) {
    return satisfied_with_warning(
        {reason,
         changed_configs(desired, observed, workload) + " changed, and with it " +
             template_of(workload) + " does not work any more: " + what +
             ". The Pods that run go on; new ones would meet the same. Correct what was changed."}
    );
}

/// Nothing: there is nothing to be said or done of it.
std::optional<Satisfied> judge(
    const Desired& desired,
    const Observed& observed,
    const Workload& workload,
    const Satisfied& passed
) {
    const auto* job = latest_probe(desired, observed, workload);
    const auto beside = [&](std::vector<Step> steps) {
        return Satisfied{passed.finding, passed.confidence, std::move(steps)};
    };
    if (job == nullptr) {
        const bool is_known = find_passed_probe(desired, observed, workload) != nullptr;
        return is_known || !may_start(observed)
                   ? std::nullopt
                   : std::optional(beside(start_probe(desired, observed, workload, nullptr)));
    }
    const auto end = read_end(*job);
    if (would_lose_its_answer(*job)) {
        return beside({LiftJobDeadline{job->name, job->uid}});
    }
    if (!is_over(end)) {
        const auto why = why_not_started(*job, observed.now);
        return why.empty() ? std::nullopt
                           : std::optional(warn(
                                 desired,
                                 observed,
                                 workload,
                                 Reason::PreflightJobStuck,
                                 "Job \"" + job->name + "\" can't start: " + why
                             ));
    }
    if (said_ok(end)) {
        return std::nullopt;
    }
    if (next_attempt(retry_policy(job->kind), end, job->attempt)) {
        return may_start(observed)
                   ? std::optional(beside(start_probe(desired, observed, workload, job)))
                   : std::nullopt;
    }
    const auto said = explain(end);
    return warn(
        desired,
        observed,
        workload,
        reason_shown_for(said.reason, ConditionType::PreflightPassed, Reason::PreflightFailed),
        "Job \"" + job->name + "\" ended with " + said.reason + ": " + said.message
    );
}

}  // namespace

bool is_changed_alone(const Desired& desired, const Observed& observed, const Workload& workload) {
    return !workload.hold && proof_of(desired, observed, workload) == Proof::ConfigChanged;
}

Satisfied with_what_changed(const Desired& desired, const Observed& observed, Satisfied passed) {
    for (const auto& workload : observed.release.workloads) {
        if (is_changed_alone(desired, observed, workload)) {
            if (auto found = judge(desired, observed, workload, passed)) {
                return *std::move(found);
            }
        }
    }
    return passed;
}

}  // namespace djdb
