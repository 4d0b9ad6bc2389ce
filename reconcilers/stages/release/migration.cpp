// migration.cpp -- an image passes when its migrations ran once, from its own held Pod template, and the database
// itself shows them.
//   no workload                                  -> Satisfied
//   a Job of another revision runs:
//     its Pod can't start, or none was made      -> Act(CancelMigration): its template was replaced
//     started, or being removed                  -> Wait(MigrationRunning): it ends first
//   image passed                                 -> Satisfied, even while another's Job ends
//   this revision's Job: Absent                  -> Act(PublishMigration, StartMigration)
//     Running                                    -> Wait(MigrationRunning | MigrationJobStuck)
//     Succeeded, its leaves are in the database  -> Act(RecordPassedImage)
//     Succeeded, they are not, or it names none  -> Blocked(UnappliedRemain)
//     Failed for want of a lock or a connection,
//       or killed                                -> Wait(MigrationRetrying), then Act(ExpireJobs, next attempt)
//     Failed otherwise                           -> Blocked(the Job's own reason | MigrationFailed):
//                                                   the next template is a new revision
#include "reconcilers/crc32.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

namespace djdb {
namespace {

/// Each attempt at a held lock makes the app wait for a moment, and a kill for want of memory comes
/// again, so a person decides after these.
constexpr int kMostCostlyAttempts = 5;
constexpr std::chrono::seconds kFirstPause{5};
constexpr std::chrono::seconds kLongestPause{300};
/// The Job controller makes the Pod within a second or two; a refused one leaves only an Event.
constexpr std::chrono::seconds kPodWithin{10};
/// Exit codes of jobs/migrate.py that say "try again".
constexpr int kUnreachable = 75;
constexpr int kLockTimeout = 85;
constexpr int kInterrupted = 86;
/// Of a kill, 128 + SIGKILL or SIGTERM: the next run finds out what that cut, and refuses where a
/// repetition could do harm.
constexpr int kKilled = 137;
constexpr int kTerminated = 143;

bool is_retryable(const MigrationJob& job) {
    return job.exit_code == kUnreachable || job.exit_code == kInterrupted ||
           ((job.exit_code == kLockTimeout || job.exit_code == kKilled ||
             job.exit_code == kTerminated) &&
            job.attempt < kMostCostlyAttempts);
}

/// 5 s, doubled with each attempt, at most 5 min.
std::chrono::seconds pause_after(int attempt) {
    auto pause = kFirstPause;
    for (int i = 1; i < attempt && pause < kLongestPause; ++i) {
        pause *= 2;
    }
    return std::min(pause, kLongestPause);
}

Verdict start(const Workload& source, const Revision& revision, const ImageRef& image) {
    return Act{
        {Reason::MigrationRunning, "Starting the migration Job of " + image.str() + "."},
        {PublishMigration{}, StartMigration{source, revision, image, 1}},
        false};
}

Verdict start_again(const Workload& source, const MigrationJob& last) {
    return Act{
        {Reason::MigrationRunning,
         "Starting attempt " + std::to_string(last.attempt + 1) + " of the migration Job of " +
             last.image.str() + "."},
        {ExpireJobs{{last.name}},
         PublishMigration{},
         StartMigration{source, last.revision, last.image, last.attempt + 1}},
        false};
}

/// Why a running Job does nothing; empty when its Pod runs, or may yet be made.
std::string stuck_reason(const MigrationJob& job, TimePoint now) {
    if (job.stuck.empty() && !job.has_pod && now - job.created >= kPodWithin) {
        return "no Pod was made for it (a quota or an admission rule?); kubectl describe job " +
               job.name + " says why";
    }
    return job.stuck;
}

/// When to look again at a Job for which no Pod has shown up yet: no event tells that none will.
std::optional<TimePoint> next_look(const MigrationJob& job) {
    return job.has_pod ? std::nullopt : std::optional(job.created + kPodWithin);
}

Verdict judge_running(const MigrationJob& job, TimePoint now) {
    if (job.being_deleted) {
        return Wait{
            {Reason::MigrationRunning,
             "Job \"" + job.name + "\" is being removed; the next attempt follows."},
            std::nullopt};
    }
    if (const auto stuck = stuck_reason(job, now); !stuck.empty()) {
        return Wait{
            {Reason::MigrationJobStuck,
             "Job \"" + job.name + "\" can't start: " + stuck +
                 ". New Pods are held and the old ones serve; set a fixed image or repair the "
                 "cause."},
            std::nullopt};
    }
    return Wait{
        {Reason::MigrationRunning,
         "Job \"" + job.name + "\" migrates for " + job.image.str() + "."},
        next_look(job)};
}

/// Two migrations never run at once, so a started one ends first.
Verdict judge_earlier(const MigrationJob& job, const ImageRef& next, TimePoint now) {
    if (!job.being_deleted && !stuck_reason(job, now).empty()) {
        return Act{
            {Reason::MigrationRunning,
             "Removing Job \"" + job.name + "\" of an earlier template, whose Pod never started."},
            {CancelMigration{job.name, job.uid}},
            false};
    }
    return Wait{
        {Reason::MigrationRunning,
         "Job \"" + job.name + "\" of an earlier template still runs; " + next.str() +
             " follows it."},
        next_look(job)};
}

/// What the Job says is applied and the database does not show; empty when all is there.
std::string missing_from(const AppliedMigrations& applied, const MigrationJob& job) {
    std::string missing;
    for (const auto* list : {&job.leaves, &job.applied}) {
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
    const auto unknown = std::ranges::count_if(job.leaf_hashes, [&](std::uint32_t hash) {
        return !recorded.contains(hash);
    });
    if (unknown != 0) {
        missing += (missing.empty() ? "" : ", ") + std::to_string(unknown) + " of " +
                   std::to_string(job.leaf_hashes.size()) + " leaf migrations";
    }
    return missing;
}

Verdict judge_success(const Observed& observed, const MigrationJob& job) {
    if (job.leaves.empty() && job.leaf_hashes.empty()) {
        return Blocked{
            {Reason::UnappliedRemain,
             "Job \"" + job.name +
                 "\" reported success, but its answer names no migration that "
                 "could be looked for in the database: the app has none, or more than fit into "
                 "4096 bytes. New Pods are held and the old ones serve; check which settings the "
                 "image uses."}};
    }
    const bool readable = observed.applied && observed.applied->table_exists;
    const auto missing = readable ? missing_from(*observed.applied, job) : "everything";
    if (!missing.empty()) {
        return Blocked{
            {Reason::UnappliedRemain,
             "Job \"" + job.name + "\" reported success, but django_migrations lacks " + missing +
                 ". New Pods are held and the old ones serve; check which database the image "
                 "uses."}};
    }
    return Act{
        {Reason::Progressing, "Recording that " + job.image.str() + " passed."},
        {RecordPassedImage{job.image}},
        true};
}

Verdict judge_failure(const Observed& observed, const MigrationJob& job, const Workload& source) {
    if (is_retryable(job)) {
        const auto again = job.finished + pause_after(job.attempt);
        if (observed.now >= again) {
            return start_again(source, job);
        }
        return Wait{
            {Reason::MigrationRetrying,
             "Attempt " + std::to_string(job.attempt) + " ended with " + job.reason + ": " +
                 job.message + ". It will be tried again."},
            again};
    }
    return Blocked{
        {parse_reason(job.reason).value_or(Reason::MigrationFailed),
         "Job \"" + job.name + "\" failed with " + job.reason + ": " + job.message +
             ". New Pods are held and the old ones serve. Read kubectl logs job/" + job.name +
             "; set a fixed image, or kubectl delete job " + job.name + " to try this one again."}};
}

const MigrationJob* latest_of(const std::vector<MigrationJob>& jobs, const Revision& revision) {
    const MigrationJob* latest = nullptr;
    for (const auto& job : jobs) {
        if (job.revision == revision && (latest == nullptr || job.attempt > latest->attempt)) {
            latest = &job;
        }
    }
    return latest;
}

Verdict judge(const Observed& observed, const MigrationJob& job, const Workload& source) {
    switch (job.state) {
        case JobState::Running:
            return judge_running(job, observed.now);
        case JobState::Succeeded:
            return judge_success(observed, job);
        case JobState::Failed:
            break;
    }
    return judge_failure(observed, job, source);
}

}  // namespace

Verdict assess_migration(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(observed);
    if (source == nullptr) {
        return Satisfied{
            {Reason::NoWorkload, "There is no labelled Deployment to migrate for."},
            Confidence::Unknown};
    }
    const auto image = *common_image(desired, observed);
    const bool passed = has_passed(observed, image);
    const auto revision = revision_of(desired, *source, image);
    for (const auto& job : observed.jobs) {
        if (job.state == JobState::Running && job.revision != revision) {
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
    const auto* job = latest_of(observed.jobs, revision);
    return job == nullptr ? start(*source, revision, image) : judge(observed, *job, *source);
}

}  // namespace djdb
