// backup.cpp -- no migration begins before the database was backed up, and the backup read back.
//   no workload                                  -> Satisfied(NoWorkload)
//   backups of before something passed           -> Act(RemoveJob of what is not over or runs on for a container beside
//                                                   ours, ExpireJobs of the others), and on if none is needed
//   spec.backup.when is Never                    -> Satisfied(BackupsOff)
//   no template is to be proven                  -> Satisfied
//   no migration Job is about to be made         -> Satisfied: one is underway, has failed or is waited for
//   BeforeMigrate, and nothing is pending        -> Satisfied
//   the last backup since something passed:
//     read back and kept, and fresh              -> Satisfied; Act(LiftJobDeadline) where its Job goes on for a container
//                                                   beside ours: its word would be lost with the Pod
//     none                                       -> Act(StartBackup)
//     its Pod is lost with its node              -> Act(RemoveJob of the attempts before it, StartBackup): it does no
//                                                   harm, should it run on
//     being removed                              -> Wait(BackupRunning)
//     read back and kept, and too old            -> Act(RemoveJob of the attempts before it, StartBackup)
//     failed, for an image that was replaced
//       since                                    -> the same
//     stuck, for such an image                   -> Act(RemoveJob), and once it is gone StartBackup
//     underway or stuck                          -> Wait(BackupRunning | BackupJobStuck)
//     failed, to be tried again                  -> Wait(BackupRetrying), then the same Act
//       for the fourth time                      -> Blocked(BackupFailed), once an hour the same Act
//     failed otherwise                           -> Blocked(BackupFailed)
#include "crds/text.hpp"
#include "reconcilers/app_template.hpp"
#include "reconcilers/jobs/exit_code.hpp"
#include "reconcilers/jobs/retry.hpp"
#include "reconcilers/stages/release/ended_jobs.hpp"
#include "reconcilers/stages/release/fresh_backup.hpp"
#include "reconcilers/stages/release/job_start.hpp"
#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/pod_labels.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {
namespace {

constexpr auto kHeld =
    " Nothing is migrated without a backup; new Pods are held and the old ones serve.";

/// None: the spec names no image, and the server has not told its version yet.
std::optional<ImageRef> client_image(const Desired& desired, const Observed& observed) {
    const auto& asked = desired.object.spec.backup.image;
    if (!asked.empty()) {
        return ImageRef(asked);
    }
    const auto& version = observed.server.version;
    return version.empty()
               ? std::nullopt
               : std::optional(ImageRef("postgres:" + version.substr(0, version.find('.'))));
}

/// One that says ok and names no dump has kept none.
JobEnd end_of_backup(const JobRun& job) {
    auto end = read_end(job);
    if (said_ok(end) && !kept_by(job)) {
        return NoAnswer{
            static_cast<int>(ExitCode::BackupFailed),
            "NoAnswer",
            "its answer names no dump",
            std::get<Answered>(end).finished};
    }
    return end;
}

/// The one stage that makes such a Job says so itself.
bool is_migration_due(const Desired& desired, const Observed& observed) {
    const auto verdict = assess_migration(desired, observed);
    return std::ranges::any_of(steps_of(verdict), [](const Step& step) {
        return std::holds_alternative<StartMigration>(step);
    });
}

/// A migration begins behind this stage.
bool is_needed(const Desired& desired, const Observed& observed, const Workload& source) {
    return is_to_be_proven(desired, observed, source) && is_migration_due(desired, observed) &&
           !changes_nothing(desired, observed, source);
}

Verdict start(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun* last
) {
    const auto client = client_image(desired, observed);
    if (!client) {
        return Wait{
            {Reason::BackupRunning,
             "PostgresServer \"" + desired.object.spec.server_ref.name +
                 "\" has not told its version yet, which spec.backup.image depends on." + kHeld},
            observed.now + kStartsWithin};
    }
    const auto name = backup_name(desired, observed);
    auto steps = remove_others(observed.jobs, JobKind::Backup, name, last);
    // Before it the gate refuses what has no app container.
    const auto image = app_image(source, desired.object.spec.app).value_or(ImageRef(""));
    steps.emplace_back(StartBackup{
        {source,
         Revision(name),
         image,
         last == nullptr ? 1 : last->attempt + 1,
         name,
         pod_labels(desired, observed, source)},
        *client});
    return act_and_stop(
        {Reason::BackupRunning, "Backing the database up before " + image.str() + " migrates."},
        std::move(steps)
    );
}

/// Its dump is made or read back: for our own container its Pod has not started yet.
bool is_at_work(const JobRun& job) {
    return std::ranges::any_of(job.pods, [](const JobPod& pod) {
        return pod.has_started || (pod.waiting && pod.waiting->reason == kInitContainerRunning);
    });
}

/// What keeps it from its end may be what was replaced.
bool is_of_another_image(const Desired& desired, const JobRun& job, const Workload& source) {
    return job.image != app_image(source, desired.object.spec.app);
}

Wait judge_underway(const JobRun& job, TimePoint now) {
    return tell_underway(
        job,
        now,
        {Reason::BackupRunning,
         "backs the database up.",
         Reason::BackupJobStuck,
         "backs the database up",
         kHeld +
             std::string(" Correct spec.backup, or repair the cause and run kubectl delete job ") +
             job.name + "."},
        is_at_work(job)
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
    const auto what_failed = "Job \"" + job.name +
                             "\" was to back the database up and ended with " + said.reason + ": " +
                             said.message + ".";
    const auto& policy = retry_policy(job.kind);
    const auto again = next_attempt(policy, end, job.attempt);
    if (again && observed.now >= *again) {
        return start(desired, observed, source, &job);
    }
    if (again && !is_rare(policy, job.attempt)) {
        return Wait{
            {Reason::BackupRetrying, what_failed + kHeld + " It will be tried again."}, again};
    }
    const std::string when = again ? " It is tried again once an hour, or immediately after "
                                   : " See to the cause, and try it again by ";
    const std::string where =
        std::holds_alternative<DeadlineExceeded>(end)
            ? " A longer spec.backup.deadline begins it anew."
            : " Read kubectl logs job/" + job.name + " -c " + kDumpContainer + ".";
    return Blocked{
        {Reason::BackupFailed,
         what_failed + kHeld + where + when + "kubectl delete job " + job.name + "."}};
}

/// @param last the last attempt since something passed; nullptr: there is none
Verdict judge(
    const Desired& desired, const Observed& observed, const Workload& source, const JobRun* last
) {
    if (last == nullptr || find_lost_pod(*last, observed.now) != nullptr) {
        return start(desired, observed, source, last);
    }
    // Gone before the next one is seen, it would be made again beside that.
    if (last->being_deleted) {
        return judge_underway(*last, observed.now);
    }
    const auto end = end_of_backup(*last);
    const bool is_anothers = is_of_another_image(desired, *last, source);
    if (kept_by(*last) || (is_over(end) && is_anothers)) {
        return start(desired, observed, source, last);
    }
    if (!is_over(end) && !is_at_work(*last) && is_anothers) {
        return act_and_stop(
            {Reason::BackupRunning,
             "Removing Job \"" + last->name + "\" of an earlier image, which has not begun."},
            {RemoveJob{last->name, last->uid}}
        );
    }
    if (!is_over(end)) {
        return judge_underway(*last, observed.now);
    }
    return with_answer_kept(*last, judge_failure(desired, observed, source, *last, end));
}

Verdict tell(const Desired& desired, const Backup& backup) {
    constexpr std::size_t kShownDigits = 12;
    if (auto kept = keep_answer(
            *backup.job,
            {Reason::BackupRunning, "Keeping what Job \"" + backup.job->name + "\" said."}
        )) {
        return *std::move(kept);
    }
    return Satisfied{
        {Reason::Succeeded,
         backup.dump.file + " on claim " + desired.object.spec.backup.claim_name + " has " +
             std::to_string(backup.dump.bytes) + " bytes (SHA-256 " +
             backup.dump.sha256.substr(0, kShownDigits) + "...) and was read back by " +
             format_time(backup.finished) + "."}};
}

Verdict assess_due(const Desired& desired, const Observed& observed, const Workload& source) {
    if (!is_migration_due(desired, observed)) {
        return Satisfied{
            {Reason::Succeeded,
             "No migration is about to begin; the next one waits for a backup."}};
    }
    if (changes_nothing(desired, observed, source)) {
        return Satisfied{{Reason::Succeeded, "No migration is pending, so no backup is needed."}};
    }
    if (const auto backup = find_backup(desired, observed);
        backup && is_fresh(desired, observed, source, *backup)) {
        return tell(desired, *backup);
    }
    const Revision revision(backup_name(desired, observed));
    return judge(
        desired, observed, source, latest_attempt(observed.jobs, JobKind::Backup, revision)
    );
}

}  // namespace

Verdict assess_backup(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(desired, observed);
    if (source == nullptr) {
        return not_applicable(
            {Reason::NoWorkload, "There is no labelled Deployment to migrate for."}
        );
    }
    const bool is_on = desired.object.spec.backup.when != BackupWhen::Never;
    const auto wanted = is_on ? backup_name(desired, observed) : "";
    auto steps = let_go(observed.jobs, JobKind::Backup, [&](const JobRun& job) {
        return job.proves == wanted;
    });
    if (!steps.empty()) {
        Finding finding{Reason::Progressing, "Letting backup Jobs go that nobody waits for."};
        // What is behind it would migrate, and nobody has asked yet whether there is a backup.
        return is_on && is_needed(desired, observed, *source)
                   ? act_and_stop(std::move(finding), std::move(steps))
                   : act_and_continue(std::move(finding), std::move(steps));
    }
    if (!is_on) {
        return not_applicable(
            {Reason::BackupsOff,
             "spec.backup.when is Never: migrations run without a backup of the operator's."}
        );
    }
    if (!is_to_be_proven(desired, observed, *source)) {
        return Satisfied{{Reason::Succeeded, "Nothing is to be migrated."}};
    }
    return assess_due(desired, observed, *source);
}

}  // namespace djdb
