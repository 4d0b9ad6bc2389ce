// How a Job ends: with its Pod, at its deadline, or by its removal.
#include "tests/model/kube/controllers.hpp"

#include <string>
#include <utility>

namespace djdb::model {

void Controllers::end(Pod pod, const ObjectKey& key, const ResourceUid& uid) {
    world_.history.note("job", [&] {
        return key.name.str() + " ends with " + std::to_string(pod.exit_code) + " " + pod.answer;
    });
    leave(uid);
    pod.finished = world_.api.wall_clock();
    world_.failed_attempts += pod.exit_code == 0 && !pod.meta.being_deleted ? 0 : 1;
    const bool goes_on = pod.others_run;
    if (pod.meta.being_deleted) {
        world_.api.pods.remove(key);
    } else {
        world_.api.put_pod(std::move(pod));
    }
    if (goes_on) {
        return;
    }
    world_.timeline.after(random_.between(10, 500), [this, key, uid] { finish(key, uid); });
}

void Controllers::finish(const ObjectKey& key, const ResourceUid& uid) {
    const auto found = world_.api.jobs.find(key);
    if (!found || found->meta.uid != uid || found->end != JobEnding::None) {
        return;
    }
    const auto pod = world_.api.pods.find(key);
    auto job = *found;
    job.end = !pod || pod->exit_code == 0 ? JobEnding::Succeeded : JobEnding::Failed;
    job.finished = world_.api.wall_clock();
    world_.api.put_status(std::move(job));
}

void Controllers::stop_at_deadline(const Job& job) {
    const Millis deadline = Millis{job.deadline.count()} * 1'000;
    world_.timeline.after(deadline, [this, key = job.meta.key, uid = job.meta.uid] {
        stop(key, uid);
    });
}

/// Unless that was lifted: the Job controller takes the Pod with all that it said.
void Controllers::stop(const ObjectKey& key, const ResourceUid& uid) {
    const auto found = world_.api.jobs.find(key);
    const auto pod = world_.api.pods.find(key);
    if (!found || found->meta.uid != uid || found->meta.being_deleted || !found->has_deadline ||
        found->end != JobEnding::None || (pod && pod->is_lost)) {
        return;
    }
    world_.history.note("kubernetes", [&] { return key.name.str() + " exceeds its deadline"; });
    ++world_.failed_attempts;
    world_.api.pods.remove(key);
    auto job = *found;
    job.end = JobEnding::Failed;
    job.failure_reason = "DeadlineExceeded";
    job.finished = world_.api.wall_clock();
    world_.api.put_status(std::move(job));
}

void Controllers::remove(const ObjectKey& key, const ResourceUid& uid) {
    const auto job = world_.api.jobs.find(key);
    const auto pod = world_.api.pods.find(key);
    if (job && job->meta.uid == uid && !(pod && pod->is_lost)) {
        // A Pod that is killed may be in the midst of its work.
        world_.rules.migration_ends(key);
        leave(uid);
        world_.api.pods.remove(key);
        world_.api.jobs.remove(key);
    }
}

}  // namespace djdb::model
