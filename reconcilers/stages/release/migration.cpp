// migration.cpp -- an image passes when its migrations ran once, from its own held Pod template, and the database
// itself shows them. A Job's end is read by jobs/answer.hpp, what is tried again stands in jobs/retry.hpp.
//   no workload                                  -> Satisfied
//   a Job whose part is done still counts as running
//     (a container beside ours does not end), and
//     its image passed, or another Job follows   -> Act(RemoveJob)
//     its answer is the last word                -> Act(LiftJobDeadline): or it would be lost with the Pod
//   a Job of another revision is underway:
//     its Pod is to be gone, and its node silent -> Blocked(MigrationPodLost): a person knows whether it runs
//     its Pod can't start, or none was made      -> Act(CancelMigration): its template was replaced
//     started, or being removed                  -> Wait(MigrationRunning): it ends first
//   image passed                                 -> Satisfied, even while another's Job ends
//   this revision's Job: Absent                  -> Act(StartMigration)
//     underway, its Pod to be gone (as above)    -> Blocked(MigrationPodLost)
//     underway or stuck                          -> Wait(MigrationRunning | MigrationJobStuck)
//     said ok, its leaves are in the database    -> Act(RecordPassedImage)
//     said ok and has no migrations:
//       neither has the database, and it was
//       there as the owner role                  -> Act(RecordPassedImage)
//       it was elsewhere                         -> Blocked(WrongDatabaseOrUser)
//     said ok, the database shows others, or it
//       names none                               -> Blocked(UnappliedRemain)
//     ended otherwise, to be tried again         -> Wait(MigrationRetrying), then Act(RemoveJob of the attempts
//                                                   before it, ExpireJobs, next attempt)
//       since half an hour                       -> Blocked(the Job's own reason | MigrationFailed), once an hour
//                                                   the same Act
//     ended otherwise                            -> Blocked(the Job's own reason | MigrationFailed):
//                                                   the next template is a new revision
#include "reconcilers/crc32.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/lost_pod.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <set>
#include <string>
#include <utility>

namespace djdb {
namespace {

/// Between two looks at what keeps a Pod from starting: no watch tells of Events.
constexpr std::chrono::seconds kObstacleEvery{20};

/// A view: nothing is copied, and a Job is known by its address.
auto migrations_in(const std::vector<JobRun>& jobs) {
    return jobs |
           std::views::filter([](const JobRun& job) { return job.kind == JobKind::Migrate; });
}

Verdict start(const Workload& source, const Revision& revision, const ImageRef& image) {
    return act_and_stop(
        {Reason::MigrationRunning, "Starting the migration Job of " + image.str() + "."},
        {StartMigration{source, revision, image, 1}}
    );
}

/// The last one stays, for its log.
Verdict start_again(const std::vector<JobRun>& jobs, const Workload& source, const JobRun& last) {
    std::vector<Step> steps;
    for (const auto& job : migrations_in(jobs)) {
        if (job.revision == last.revision && job.attempt < last.attempt && !job.being_deleted) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    steps.emplace_back(ExpireJobs{{last.name}});
    steps.emplace_back(StartMigration{source, last.revision, last.image, last.attempt + 1});
    return act_and_stop(
        {Reason::MigrationRunning,
         "Starting attempt " + std::to_string(last.attempt + 1) + " of the migration Job of " +
             last.image.str() + "."},
        std::move(steps)
    );
}

/// Why a Job that is underway does nothing; empty when its Pod runs, or may yet be made.
std::string stuck_reason(const JobRun& job, TimePoint now) {
    const auto end = read_end(job);
    if (const auto* stuck = std::get_if<Stuck>(&end)) {
        return stuck->why;
    }
    if (job.pods.empty() && is_late_to_start(job, now)) {
        return "no Pod was made for it (a quota or an admission rule?); kubectl describe job " +
               job.name + " says why";
    }
    return {};
}

/// When to look again at a Job whose Pod has not started yet: nothing wakes us if it never does.
std::optional<TimePoint> next_look(const JobRun& job, TimePoint now) {
    if (std::ranges::any_of(job.pods, &JobPod::has_started)) {
        return std::nullopt;
    }
    return is_late_to_start(job, now) ? now + kObstacleEvery : job.created + kStartsWithin;
}

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
    if (one && other) {
        return std::min(*one, *other);
    }
    return one ? one : other;
}

Verdict judge_running(const JobRun& job, TimePoint now) {
    if (auto lost = judge_lost_pod(job, now)) {
        return *std::move(lost);
    }
    // Before the words: GCC 12 warns of what is half made when a call behind them throws.
    const auto lost_at = when_lost(job, now);
    if (job.being_deleted) {
        return Wait{
            {Reason::MigrationRunning,
             "Job \"" + job.name + "\" is being removed; the next attempt follows."},
            lost_at};
    }
    const auto look_again = earlier(next_look(job, now), lost_at);
    if (const auto stuck = stuck_reason(job, now); !stuck.empty()) {
        return Wait{
            {Reason::MigrationJobStuck,
             "Job \"" + job.name + "\" can't start: " + stuck +
                 ". New Pods are held and the old ones serve; set a fixed image or repair the "
                 "cause."},
            look_again};
    }
    return Wait{
        {Reason::MigrationRunning,
         "Job \"" + job.name + "\" migrates for " + job.image.str() + "."},
        look_again};
}

/// Two migrations never run together, so a started one ends first.
Verdict judge_earlier(const JobRun& job, const ImageRef& next, TimePoint now) {
    if (auto lost = judge_lost_pod(job, now)) {
        return *std::move(lost);
    }
    if (!job.being_deleted && !may_have_started(job) && !stuck_reason(job, now).empty()) {
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

/// What the Job says is applied and the database does not show; empty when all is there.
std::string missing_from(const AppliedMigrations& applied, const Answered& answer) {
    std::string missing;
    for (const auto* list : {&answer.leaves, &answer.applied}) {
        for (const auto& name : *list) {
            if (std::ranges::find(applied.names, name) == applied.names.end()) {
                missing += (missing.empty() ? "" : ", ") + name;
            }
        }
    }
    std::set<std::uint32_t> recorded;
    for (const auto& name : applied.names) {
        recorded.insert(crc32(name));
    }
    const auto unknown = std::ranges::count_if(answer.leaf_hashes, [&](std::uint32_t hash) {
        return !recorded.contains(hash);
    });
    if (unknown != 0) {
        missing += (missing.empty() ? "" : ", ") + std::to_string(unknown) + " of " +
                   std::to_string(answer.leaf_hashes.size()) + " leaf migrations";
    }
    return missing;
}

Verdict disbelieve(Reason reason, const JobRun& job, const std::string& why) {
    return Blocked{
        {reason,
         "Job \"" + job.name + "\" reported success, but " + why +
             ". New Pods are held and the old ones serve."}};
}

/// The table, where the Job says that the app has it.
std::string name_table(const Answered& answer) {
    return (answer.recorded_in.empty() ? "" : answer.recorded_in + ".") + "django_migrations";
}

/// Nothing can be looked for in the database, so what counts is that the app was in it as the role
/// that its migrations would have, and that no release before it had any.
std::optional<Verdict> doubt_of_none(
    const Desired& desired,
    const JobRun& job,
    const Answered& answer,
    const AppliedMigrations& applied
) {
    const auto& names = desired.names;
    if (answer.database != names.database.str() || answer.user != names.owner.str()) {
        return disbelieve(
            Reason::WrongDatabaseOrUser,
            job,
            "the app was in database \"" + answer.database + "\" as \"" + answer.user +
                "\" instead of \"" + names.database.str() + "\" as \"" + names.owner.str() +
                "\"; read DB_* from the Secret"
        );
    }
    if (!applied.names.empty()) {
        return disbelieve(
            Reason::UnappliedRemain,
            job,
            "the image has no migrations while " + name_table(answer) + " has " +
                std::to_string(applied.names.size()) +
                "; check which settings the image uses, or delete those rows if none is needed "
                "any more"
        );
    }
    return std::nullopt;
}

std::optional<Verdict> doubt_of_leaves(
    const JobRun& job, const Answered& answer, const AppliedMigrations& applied
) {
    if (answer.leaves.empty() && answer.leaf_hashes.empty()) {
        return disbelieve(
            Reason::UnappliedRemain,
            job,
            "its answer names no migration that could be looked for in the database: there are "
            "more "
            "than fit into 4096 bytes, or it is not the operator's; check which settings the image "
            "uses"
        );
    }
    const auto missing = applied.table_exists ? missing_from(applied, answer) : "everything";
    if (!missing.empty()) {
        return disbelieve(
            Reason::UnappliedRemain,
            job,
            name_table(answer) + " lacks " + missing + "; check which database the image uses"
        );
    }
    return std::nullopt;
}

Verdict judge_success(
    const Desired& desired, const Observed& observed, const JobRun& job, const Answered& answer
) {
    const auto applied = observed.release.applied.value_or(AppliedMigrations{});
    auto doubt = answer.has_no_migrations ? doubt_of_none(desired, job, answer, applied)
                                          : doubt_of_leaves(job, answer, applied);
    if (doubt) {
        return *std::move(doubt);
    }
    return act_and_continue(
        {Reason::Progressing, "Recording that " + job.image.str() + " passed."},
        {RecordPassedImage{job.image}}
    );
}

/// The program is the tenant's: its word is shown only if it belongs in this condition.
Reason reason_shown_for(const std::string& word) {
    const auto reason = parse_reason(word);
    return reason && appears_in(*reason, ConditionType::MigrationsApplied)
               ? *reason
               : Reason::MigrationFailed;
}

Verdict judge_failure(
    const Observed& observed, const JobRun& job, const JobEnd& end, const Workload& source
) {
    const auto said = explain(end);
    const auto& policy = retry_policy(job.kind);
    if (const auto again = next_attempt(policy, end, job.attempt)) {
        if (observed.now >= *again) {
            return start_again(observed.jobs, source, job);
        }
        if (is_rare(policy, job.attempt)) {
            return Blocked{
                {reason_shown_for(said.reason),
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
        {reason_shown_for(said.reason),
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
    return answer != nullptr && answer->ok ? judge_success(desired, observed, job, *answer)
                                           : judge_failure(observed, job, end, source);
}

Verdict judge(
    const Desired& desired, const Observed& observed, const JobRun& job, const Workload& source
) {
    const auto end = read_end(job);
    if (!is_over(end)) {
        return judge_running(job, observed.now);
    }
    auto verdict = judge_end(desired, observed, job, end, source);
    if (!std::holds_alternative<Act>(verdict) && outlives_its_part(job) && job.has_deadline) {
        const auto finding = std::visit([](const auto& found) { return found.finding; }, verdict);
        return act_and_stop(finding, {LiftJobDeadline{job.name, job.uid}});
    }
    return verdict;
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
    const auto* source = migration_source(observed);
    if (source == nullptr) {
        return not_applicable(
            {Reason::NoWorkload, "There is no labelled Deployment to migrate for."}
        );
    }
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): before it the gate holds what differs
    const auto image = *common_image(desired, observed);
    const bool passed = has_passed(observed, image);
    const auto revision = revision_of(desired, *source, image);
    const auto* latest = latest_migration(observed.jobs, revision);
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
    return latest == nullptr ? start(*source, revision, image)
                             : judge(desired, observed, *latest, *source);
}

}  // namespace djdb
