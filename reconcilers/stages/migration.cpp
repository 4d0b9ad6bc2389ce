// migration.cpp -- an image passes when its migrations ran once, from its own held Pod template,
// and the database itself shows them.
//   no workload, or image passed                   -> Satisfied
//   a Job of another revision runs                 -> Wait(MigrationRunning): it ends first
//   this revision's Job: Absent                    -> Act(PublishMigration, StartMigration)
//     Running                                      -> Wait(MigrationRunning | MigrationJobStuck)
//     Succeeded, its leaves are in the database    -> Act(RecordPassedImage)
//     Succeeded, they are not                      -> Blocked(UnappliedRemain)
//     Failed for want of a lock or a connection    -> Act(next attempt) after a pause, at most
//     kMaxAttempts Failed otherwise                             -> Blocked(MigrationFailed): the
//     next template is a new revision
#include "reconcilers/release.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <array>

namespace djdb {
namespace {

constexpr int kMaxAttempts = 5;
/// Exit codes of jobs/migrate.py that say "try again": 75 unreachable or lock held, 85 lock
/// timeout, 86 interrupted.
constexpr std::array<int, 3> kRetryableExitCodes{75, 85, 86};

bool is_retryable(const MigrationJob& job) {
    return std::ranges::find(kRetryableExitCodes, job.exit_code) != kRetryableExitCodes.end();
}

Verdict start(
    const Workload& source, const Revision& revision, const ImageRef& image, int attempt
) {
    return Act{
        {Reason::MigrationRunning, "Starting the migration Job of " + image.str() + "."},
        {PublishMigration{}, StartMigration{source, revision, image, attempt}},
        false};
}

Verdict judge_running(const MigrationJob& job) {
    if (!job.stuck.empty()) {
        return Wait{
            {Reason::MigrationJobStuck,
             "Job \"" + job.name + "\" can't start: " + job.stuck +
                 ". New Pods are held and the old ones serve."},
            std::nullopt};
    }
    return Wait{
        {Reason::MigrationRunning,
         "Job \"" + job.name + "\" migrates for " + job.image.str() + "."},
        std::nullopt};
}

Verdict judge_success(const Observed& observed, const MigrationJob& job) {
    std::string missing;
    if (observed.applied) {
        for (const auto* list : {&job.leaves, &job.applied}) {
            for (const auto& name : *list) {
                if (std::ranges::find(observed.applied->names, name) ==
                    observed.applied->names.end()) {
                    missing += (missing.empty() ? "" : ", ") + name;
                }
            }
        }
    }
    if (!observed.applied || !observed.applied->table_exists || !missing.empty()) {
        return Blocked{
            {Reason::UnappliedRemain,
             "Job \"" + job.name + "\" reported success, but django_migrations lacks " +
                 (missing.empty() ? "everything" : missing) +
                 ". New Pods are held and the old ones serve; check which database the image "
                 "uses."}};
    }
    return Act{
        {Reason::Progressing, "Recording that " + job.image.str() + " passed."},
        {RecordPassedImage{job.image, job.name}},
        true};
}

Verdict judge_failure(const Observed& observed, const MigrationJob& job, const Workload& source) {
    if (is_retryable(job) && job.attempt < kMaxAttempts) {
        const auto again = job.finished + std::chrono::seconds{5} * (1 << (job.attempt - 1));
        if (observed.now >= again) {
            return start(source, job.revision, job.image, job.attempt + 1);
        }
        return Wait{
            {Reason::MigrationRetrying,
             "Attempt " + std::to_string(job.attempt) + " ended with " + job.reason + ": " +
                 job.message + ". It will be tried again."},
            again};
    }
    return Blocked{
        {Reason::MigrationFailed,
         "Job \"" + job.name + "\" failed with " + job.reason + ": " + job.message +
             ". New Pods are held and the old ones serve. Read kubectl logs job/" + job.name +
             "; set a fixed image, or kubectl rollout restart to try this one again."}};
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
            return judge_running(job);
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
        return Satisfied{{Reason::NoWorkload, "There is no labelled Deployment to migrate for."}};
    }
    const auto image = *common_image(desired, observed);
    if (has_passed(observed, image)) {
        return Satisfied{
            {Reason::Succeeded, "The migrations of " + image.str() + " are in the database."}};
    }
    const auto revision = revision_of(desired, *source, image);
    for (const auto& job : observed.jobs) {
        if (job.state == JobState::Running && job.revision != revision) {
            return Wait{
                {Reason::MigrationRunning,
                 "Job \"" + job.name + "\" of an earlier template still runs; " + image.str() +
                     " follows it."},
                std::nullopt};
        }
    }
    const auto* job = latest_of(observed.jobs, revision);
    return job == nullptr ? start(*source, revision, image, 1) : judge(observed, *job, *source);
}

}  // namespace djdb
