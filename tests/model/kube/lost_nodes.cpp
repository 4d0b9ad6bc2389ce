// Nodes of which nobody hears any more, with a Job's Pod on them.
#include "tests/model/kube/controllers.hpp"

#include <string>
#include <utility>

namespace djdb::model {

bool Controllers::loses_node(const std::string& image) {
    const auto& left = world_.attempts[image];
    return !left.empty() && left.front() == Attempt::LosesNode &&
           draw_attempt(image) == Attempt::LosesNode;
}

/// The Pod runs on where nobody sees it, and has its session and its lock. After a while a person deletes it by force,
/// and later a migration's logs in anew with the password that it has.
void Controllers::lose(const Job& job, Pod pod) {
    const auto& key = job.meta.key;
    world_.history.note("kubernetes", [&] { return "the node of " + key.name.str() + " is lost"; });
    const auto secret = secret_of(job);
    pod.is_lost = true;
    pod.grace_ends = world_.api.wall_clock() + std::chrono::seconds{30};
    world_.api.put_pod(std::move(pod));
    world_.timeline.after(random_.between(60'000, 150'000), [this, key, uid = job.meta.uid] {
        const auto found = world_.api.jobs.find(key);
        if (!found || found->meta.uid != uid) {
            return;
        }
        world_.history.note("user", [&] { return "deletes the node of " + key.name.str(); });
        world_.failed_attempts += 1;
        world_.api.pods.remove(key);
        auto failed = *found;
        failed.end = JobEnding::Failed;
        failed.finished = world_.api.wall_clock();
        world_.api.put_status(std::move(failed));
        if (found->meta.being_deleted) {
            world_.api.jobs.remove(key);
        }
    });
    if (job.kind != JobKind::Migrate) {
        return;
    }
    world_.timeline.after(
        random_.between(120'000, 1'200'000),
        [this, job, password = secret->data.at("DB_PASSWORD").reveal()] {
            come_back(job, password);
        }
    );
}

void Controllers::come_back(const Job& job, const std::string& password) {
    const auto role = job.database + "_migrate";
    try {
        world_.postgres.log_in(role, password, job.database);
    } catch (const Refusal&) {
        return;
    }
    leave(job.meta.uid);
    begin_session(job, role, job.database);
}

}  // namespace djdb::model
