// migration.cpp -- a release passes when its migrations ran once, from its own held Pod template, and the database
// itself shows them. A Job's end is read by jobs/answer.hpp, what is tried again stands in jobs/retry.hpp.
//   no workload                                  -> Satisfied
//   a Job whose part is done still counts as running
//     (a container beside ours does not end), and
//     all passed, or another Job follows         -> Act(RemoveJob)
//     its answer is the last word                -> Act(LiftJobDeadline): or it would be lost with the Pod
//   a Job of another revision is underway:
//     its Pod is to be gone, and its node silent -> Blocked(MigrationPodLost): a person knows whether it runs
//     its Pod can't start, or none was made      -> Act(CancelMigration): its template was replaced
//     started, or being removed                  -> Wait(MigrationRunning): it ends first
//   no template is to be proven                  -> Satisfied, even while another's Job ends
//   the Job of this revision, made from the first template that is to be proven:
//     Absent                                     -> Act(StartMigration)
//     what it said is in the ledger: the database
//       has changed since                        -> Act(ExpireJobs, next attempt)
//     underway, its Pod to be gone (as above)    -> Blocked(MigrationPodLost)
//     underway or stuck                          -> Wait(MigrationRunning | MigrationJobStuck)
//     said ok, its leaves are in the database    -> Act(RecordPassed) of what it proves, and of each other template
//                                                   whose probe named leaves that are there too
//     said ok and has no migrations:
//       neither has the database, and it was
//       there as the owner role                  -> Act(RecordPassed)
//       it was elsewhere                         -> Blocked(WrongDatabaseOrUser)
//     said ok, the database shows others, or it
//       names none                               -> Blocked(UnappliedRemain)
//     ended otherwise, to be tried again         -> Wait(MigrationRetrying), then Act(RemoveJob of the attempts
//                                                   before it, ExpireJobs, next attempt)
//       since half an hour                       -> Blocked(the Job's own reason | MigrationFailed), once an hour
//                                                   the same Act
//     met another plan than was approved, which
//       a probe has judged since                 -> Act(as above), five times at most
//     ended otherwise                            -> Blocked(the Job's own reason | MigrationFailed):
//                                                   the next template is a new revision
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/ended_jobs.hpp"
#include "reconcilers/stages/release/evidence.hpp"
#include "reconcilers/stages/release/job_start.hpp"
#include "reconcilers/stages/release/lost_pod.hpp"
#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/pod_labels.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <utility>

namespace djdb {
namespace {

/// A view: nothing is copied, and a Job is known by its address.
auto migrations_in(const std::vector<JobRun>& jobs) {
    return jobs |
           std::views::filter([](const JobRun& job) { return job.kind == JobKind::Migrate; });
}

/// As its probe found it.
std::string recorded_in(const Desired& desired, const Observed& observed, const Workload& source) {
    const auto* probe = find_passed_probe(desired, observed, source);
    const auto end = probe == nullptr ? JobEnd{} : read_end(*probe);
    const auto* answer = std::get_if<Answered>(&end);
    return answer == nullptr ? "" : answer->recorded_in;
}

StartMigration attempt_of(
    const Desired& desired,
    const Observed& observed,
    const Workload& source,
    const Revision& revision,
    const ImageRef& image,
    int attempt
) {
    return {
        {source,
         revision,
         image,
         attempt,
         proof_name(desired, observed, source),
         pod_labels(desired, observed, source)},
        approved_migrations(desired, observed, source),
        judged_migrations(desired, observed, source),
        recorded_in(desired, observed, source)};
}

Verdict start(
    const Desired& desired,
    const Observed& observed,
    const Workload& source,
    const Revision& revision,
    const ImageRef& image
) {
    return act_and_stop(
        {Reason::MigrationRunning, "Starting the migration Job of " + image.str() + "."},
        {attempt_of(desired, observed, source, revision, image, 1)}
    );
}

/// The last one stays, for its log.
Verdict start_again(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun& last
) {
    std::vector<Step> steps;
    for (const auto& job : migrations_in(observed.jobs)) {
        if (job.revision == last.revision && job.attempt < last.attempt && !job.being_deleted) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    steps.emplace_back(ExpireJobs{{last.name}});
    steps.emplace_back(
        attempt_of(desired, observed, source, last.revision, last.image, last.attempt + 1)
    );
    return act_and_stop(
        {Reason::MigrationRunning,
         "Starting attempt " + std::to_string(last.attempt + 1) + " of the migration Job of " +
             last.image.str() + "."},
        std::move(steps)
    );
}

Verdict judge_running(const JobRun& job, TimePoint now) {
    if (auto lost = judge_lost_pod(job, now)) {
        return *std::move(lost);
    }
    return tell_underway(
        job,
        now,
        {Reason::MigrationRunning,
         "migrates for " + job.image.str() + ".",
         Reason::MigrationJobStuck,
         "",
         " New Pods are held and the old ones serve; set a fixed image or repair the cause."}
    );
}

/// Two migrations never run together, so a started one ends first.
Verdict judge_earlier(const JobRun& job, const ImageRef& next, TimePoint now) {
    if (auto lost = judge_lost_pod(job, now)) {
        return *std::move(lost);
    }
    if (!job.being_deleted && !may_have_started(job) && !why_not_started(job, now).empty()) {
        return act_and_stop(
            {Reason::MigrationRunning,
             "Removing Job \"" + job.name + "\" of an earlier template, whose Pod never started."},
            {CancelMigration{job.name, job.uid}}
        );
    }
    const auto look_again = earlier(next_look(job, now), when_lost(job, now));
    return Wait{
        {Reason::MigrationRunning,
         "Job \"" + job.name + "\" of an earlier template still runs; " + next.str() +
             " follows it."},
        look_again};
}

/// Of a Job of the revision of `source`. One of the version before let its image pass, whatever else stood in a template.
bool proves(
    const Desired& desired,
    const Observed& observed,
    const JobRun& job,
    const Workload& source,
    const Workload& workload
) {
    if (workload.meta.key == source.meta.key) {
        return true;
    }
    return job.proves.empty() ? app_image(workload, desired.object.spec.app) == job.image
                              : proof_name(desired, observed, workload) == job.proves;
}

/// Its probe named leaves, and the database has them by now: there is nothing left to migrate for it.
bool is_proven_by_probe(
    const Desired& desired,
    const Observed& observed,
    const Answered& migrated,
    const Workload& workload
) {
    const auto* probe = find_passed_probe(desired, observed, workload);
    if (probe == nullptr || is_of_the_past(*probe)) {
        return false;
    }
    const auto end = read_end(*probe);
    const auto& found = std::get<Answered>(end);
    const auto applied = observed.release.applied.value_or(AppliedMigrations{});
    // What was read is the table of the app that migrated; another search_path has another one.
    return found.recorded_in == migrated.recorded_in && !doubt_of(desired, *probe, found, applied);
}

bool has_now_passed(
    const Desired& desired,
    const Observed& observed,
    const JobRun& job,
    const Answered& answer,
    const Workload& source,
    const Workload& workload
) {
    return proves(desired, observed, job, source, workload) ||
           (is_to_be_proven(desired, observed, workload) &&
            is_proven_by_probe(desired, observed, answer, workload));
}

std::vector<PassedTemplate> what_it_proves(
    const Desired& desired,
    const Observed& observed,
    const JobRun& job,
    const Answered& answer,
    const Workload& source
) {
    std::vector<PassedTemplate> passed;
    for (const auto& workload : observed.release.workloads) {
        if (has_now_passed(desired, observed, job, answer, source, workload)) {
            passed.push_back(a_pass_of(desired, observed, workload, answer.recorded_in, job.uid));
        }
    }
    return passed;
}

Verdict judge_success(
    const Desired& desired,
    const Observed& observed,
    const JobRun& job,
    const Answered& answer,
    const Workload& source
) {
    const auto applied = observed.release.applied.value_or(AppliedMigrations{});
    if (auto doubt = doubt_of(desired, job, answer, applied)) {
        return *std::move(doubt);
    }
    auto passed = what_it_proves(desired, observed, job, answer, source);
    const bool proves_all = std::ranges::all_of(observed.release.workloads, [&](const auto& one) {
        return !is_to_be_proven(desired, observed, one) ||
               has_now_passed(desired, observed, job, answer, source, one);
    });
    Finding finding{Reason::Progressing, "Recording that " + job.image.str() + " passed."};
    std::vector<Step> steps{RecordPassed{std::move(passed)}};
    return proves_all ? act_and_continue(std::move(finding), std::move(steps))
                      : act_and_stop(std::move(finding), std::move(steps));
}

/// It found something pending that was not in its plan, and the plan was judged again since. What goes on changing is
/// for a person to look at.
bool was_judged_anew(
    const Desired& desired, const Observed& observed, const JobRun& job, const Workload& source
) {
    constexpr int kMostAttempts = 5;
    const auto* probe = find_passed_probe(desired, observed, source);
    return has_met_another_plan(job) && job.attempt < kMostAttempts && probe != nullptr &&
           !is_of_the_past(*probe) && !is_outdated_by(*probe, job);
}

Verdict judge_failure(
    const Desired& desired,
    const Observed& observed,
    const JobRun& job,
    const JobEnd& end,
    const Workload& source
) {
    if (was_judged_anew(desired, observed, job, source)) {
        return start_again(desired, observed, source, job);
    }
    const auto said = explain(end);
    const auto& policy = retry_policy(job.kind);
    if (const auto again = next_attempt(policy, end, job.attempt)) {
        if (observed.now >= *again) {
            return start_again(desired, observed, source, job);
        }
        if (is_rare(policy, job.attempt)) {
            return Blocked{
                {reason_shown_for(
                     said.reason, ConditionType::MigrationsApplied, Reason::MigrationFailed
                 ),
                 "Attempt " + std::to_string(job.attempt) + " ended with " + said.reason + ": " +
                     said.message +
                     ". It has been so for half an hour, so that it is tried again once an hour. "
                     "New Pods are held and the old ones serve. See to the cause; kubectl delete "
                     "job " +
                     job.name + " tries it immediately."}};
        }
        return Wait{
            {Reason::MigrationRetrying,
             "Attempt " + std::to_string(job.attempt) + " ended with " + said.reason + ": " +
                 said.message + ". It will be tried again."},
            again};
    }
    const auto where_to_read =
        job.pods.empty() ? "Its Pod and its log are gone; read kubectl describe job " + job.name
                         : "Read kubectl logs job/" + job.name;
    return Blocked{
        {reason_shown_for(said.reason, ConditionType::MigrationsApplied, Reason::MigrationFailed),
         "Job \"" + job.name + "\" failed with " + said.reason + ": " + said.message +
             ". New Pods are held and the old ones serve. " + where_to_read +
             "; set a fixed image, or kubectl delete job " + job.name + " to try this one again."}};
}

Verdict judge_end(
    const Desired& desired,
    const Observed& observed,
    const JobRun& job,
    const JobEnd& end,
    const Workload& source
) {
    const auto* answer = std::get_if<Answered>(&end);
    return answer != nullptr && answer->ok ? judge_success(desired, observed, job, *answer, source)
                                           : judge_failure(desired, observed, job, end, source);
}

Verdict judge(
    const Desired& desired, const Observed& observed, const JobRun& job, const Workload& source
) {
    const auto end = read_end(job);
    if (!is_over(end)) {
        return judge_running(job, observed.now);
    }
    return with_answer_kept(job, judge_end(desired, observed, job, end, source));
}

/// Removes Jobs that outlive their part and whose answer nobody needs any more.
std::optional<Act> tidy_up(const std::vector<JobRun>& jobs, const JobRun* latest, bool passed) {
    std::vector<Step> steps;
    for (const auto& job : migrations_in(jobs)) {
        if (outlives_its_part(job) && (passed || &job != latest)) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    if (steps.empty()) {
        return std::nullopt;
    }
    Finding finding{Reason::Progressing, "Removing migration Jobs that have done their part."};
    return passed ? act_and_continue(std::move(finding), std::move(steps))
                  : act_and_stop(std::move(finding), std::move(steps));
}

}  // namespace

Verdict assess_migration(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(desired, observed);
    if (source == nullptr) {
        return not_applicable(
            {Reason::NoWorkload, "There is no labelled Deployment to migrate for."}
        );
    }
    // Before it the gate refuses what has no app container.
    const auto image = app_image(*source, desired.object.spec.app).value_or(ImageRef(""));
    const bool passed = !is_to_be_proven(desired, observed, *source);
    const auto revision = revision_of(desired, observed, *source);
    const auto* latest = latest_attempt(observed.jobs, JobKind::Migrate, revision);
    if (auto act = tidy_up(observed.jobs, latest, passed)) {
        return *std::move(act);
    }
    for (const auto& job : migrations_in(observed.jobs)) {
        if (!is_over(read_end(job)) && job.revision != revision) {
            auto verdict = judge_earlier(job, image, observed.now);
            // Left alone, it would migrate for an image that nobody wants once its Pod can start.
            if (!passed || std::holds_alternative<Act>(verdict)) {
                return verdict;
            }
        }
    }
    if (passed) {
        return Satisfied{
            {Reason::Succeeded, "The migrations of " + image.str() + " are in the database."}};
    }
    if (latest == nullptr) {
        return start(desired, observed, *source, revision, image);
    }
    return is_spent(observed, *latest) ? start_again(desired, observed, *source, *latest)
                                       : judge(desired, observed, *latest, *source);
}

}  // namespace djdb
