#include "tests/model/kube/controllers.hpp"

#include "tests/model/kube/answers.hpp"
#include "tests/model/world/plans.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace djdb::model {
namespace {

/// How long jobs/ waits for another migration's lock.
constexpr Millis kLockWait = 60'000;

Pods pods_after(Pods now) {
    if (now == Pods::Mixed) {
        return Pods::Progressing;
    }
    return now == Pods::Progressing ? Pods::Terminating : Pods::Complete;
}

void say(Pod& pod, int exit_code, const std::string& reason) {
    pod.exit_code = exit_code;
    pod.reason = exit_code == 0 ? "Completed" : "Error";
    pod.answer = answer_of(JobKind::Migrate, reason, {});
}

}  // namespace

Controllers::Controllers(World& world) : world_(world), random_(world.random.fork()) {
    world_.api.deployments.listen([this](const auto& change) {
        world_.rules.deployment_changes(
            change.before.get(), change.now.get(), world_.timeline.now()
        );
        if (change.now) {
            world_.timeline.after(random_.between(5, 200), [this, key = change.key] { tend(key); });
        }
    });
    world_.api.jobs.listen([this](const auto& change) {
        if (!change.now) {
            return;
        }
        const auto uid = change.now->meta.uid;
        if (!change.before) {
            world_.timeline.after(random_.between(20, 400), [this, key = change.key, uid] {
                begin(key, uid);
            });
        } else if (change.now->meta.being_deleted && !change.before->meta.being_deleted) {
            world_.timeline.after(random_.between(20, 2'000), [this, key = change.key, uid] {
                remove(key, uid);
            });
        }
    });
}

/// One step towards what the Deployment asks for; each step is a change, which brings the next.
void Controllers::tend(const ObjectKey& key) {
    const auto found = world_.api.deployments.find(key);
    if (!found) {
        return;
    }
    auto next = *found;
    const bool runs_it = next.rolled_template == next.pod_template;
    if (next.observed_generation < next.meta.generation) {
        next.observed_generation = next.meta.generation;
        if (!runs_it) {
            next.rolls = false;
            next.pods = next.rolled_template.empty() ? Pods::Progressing : Pods::Mixed;
        }
    } else if (next.paused || (runs_it && next.pods == Pods::Complete)) {
        return;
    } else if (!runs_it && !next.rolls) {
        world_.rules.before_roll(next, world_.timeline.now());
        world_.history.note("kubernetes", [&] {
            return "Deployment " + key.name.str() + " begins to roll out " + next.image;
        });
        next.rolls = true;
        next.pods = next.rolled_template.empty() ? Pods::Progressing : Pods::Mixed;
        next.restarts = 0;
        next.restarted.reset();
    } else {
        next.pods = pods_after(next.pods);
        if (next.pods == Pods::Complete) {
            next.rolled_template = next.pod_template;
            next.rolls = false;
        }
    }
    world_.api.put_status(std::move(next));
}

Attempt Controllers::draw_attempt(const std::string& image) {
    auto& left = world_.attempts[image];
    if (left.empty()) {
        return Attempt::Succeeds;
    }
    const auto next = left.front();
    left.pop_front();
    return next;
}

void Controllers::begin(const ObjectKey& key, const ResourceUid& uid) {
    const auto job = world_.api.jobs.find(key);
    if (!job || job->meta.uid != uid || job->meta.being_deleted) {
        return;
    }
    Pod pod;
    pod.meta.key = key;
    pod.database = job->database;
    if (job->kind == JobKind::Backup) {
        begin_backup(*job, std::move(pod));
        return;
    }
    if (job->kind == JobKind::Verify) {
        begin_verification(*job, std::move(pod));
        return;
    }
    const auto& left = world_.attempts[job->image];
    if (!left.empty() && left.front() == Attempt::NeverStarts) {
        pod.stuck = "ErrImagePull: no such image";
        world_.api.put_pod(std::move(pod));
        return;
    }
    world_.api.put_pod(std::move(pod));
    world_.timeline.after(random_.between(50, 1'500), [this, key, uid, kind = job->kind] {
        if (kind == JobKind::Probe) {
            probe(key, uid);
        } else {
            migrate(key, uid, 0);
        }
    });
}

/// It logs in, and looks; how an attempt of its image is to end is the migration's.
void Controllers::probe(const ObjectKey& key, const ResourceUid& uid) {
    const auto job = world_.api.jobs.find(key);
    const auto found = world_.api.pods.find(key);
    if (!job || !found || job->meta.uid != uid || job->meta.being_deleted) {
        return;
    }
    auto pod = *found;
    pod.has_ended = true;
    const auto why = log_in(*job);
    say(pod, why.empty() ? 0 : exit_code_of(why), why);
    pod.answer =
        answer_of(JobKind::Probe, why, world_.leaves.at(job->image), find_plan(world_, *job));
    if (why.empty()) {
        world_.rules.probe_passes(*job);
    }
    end(std::move(pod), key, uid);
}

/// As long as it is wanted; a Pod that is to end does nothing any more.
std::optional<Controllers::AtWork> Controllers::find_at_work(
    const ObjectKey& key, const ResourceUid& uid
) const {
    const auto job = world_.api.jobs.find(key);
    const auto pod = world_.api.pods.find(key);
    if (!job || !pod || job->meta.uid != uid || job->meta.being_deleted || pod->has_ended) {
        return std::nullopt;
    }
    return AtWork{*job, *pod};
}

std::shared_ptr<const Secret> Controllers::secret_of(const Job& job) const {
    static const std::map<JobKind, const char*> kSuffixes{
        {JobKind::Probe, "-database"},
        {JobKind::Verify, "-database"},
        {JobKind::Migrate, "-migrate"},
        {JobKind::Backup, "-backup"}};
    return world_.api.secrets.find(
        {job.meta.key.ns, ObjectName(job.database + kSuffixes.at(job.kind))}
    );
}

/// With the login that the Job's container finds in its Secret.
std::string Controllers::log_in(const Job& job) const {
    const auto secret = secret_of(job);
    if (!secret) {
        return "AuthFailed";
    }
    // A dump reads alone.
    const bool reads = job.kind == JobKind::Backup;
    if (world_.postgres.standing == PgServer::Standing::Standby && !reads) {
        return "ReadOnlyServer";
    }
    if (world_.postgres.standing == PgServer::Standing::Down ||
        world_.postgres.standing == PgServer::Standing::Starting) {
        return "Unreachable";
    }
    try {
        world_.postgres.log_in(
            secret->data.at("DB_USER").reveal(),
            secret->data.at("DB_PASSWORD").reveal(),
            secret->data.at("DB_NAME").reveal()
        );
        return {};
    } catch (const Refusal& refusal) {
        return refusal.code() == "DatabaseMissing" ? "DatabaseMissing" : "AuthFailed";
    }
}

void Controllers::begin_session(
    const Job& job, const std::string& role, const std::string& database
) {
    auto& sessions = world_.postgres.sessions;
    sessions.push_back({role, job.meta.uid, job.meta.key, world_.postgres.find(database)->oid});
    world_.rules.session_begins(sessions.back());
}

Session* Controllers::session_of(const ResourceUid& job) {
    auto& all = world_.postgres.sessions;
    const auto found = std::ranges::find(all, job, &Session::of);
    return found == all.end() ? nullptr : &*found;
}

void Controllers::leave(const ResourceUid& job) {
    std::erase_if(world_.postgres.sessions, [&](const Session& session) {
        return session.of == job;
    });
}

bool Controllers::enter(const Job& job, Pod pod) {
    const auto& key = job.meta.key;
    if (const auto why = log_in(job); !why.empty()) {
        pod.has_ended = true;
        say(pod, exit_code_of(why), why);
        end(std::move(pod), key, job.meta.uid);
        return false;
    }
    const auto& data = secret_of(job)->data;
    begin_session(job, data.at("DB_USER").reveal(), data.at("DB_NAME").reveal());
    return true;
}

void Controllers::migrate(const ObjectKey& key, const ResourceUid& uid, Millis waited) {
    const auto job = world_.api.jobs.find(key);
    const auto pod = world_.api.pods.find(key);
    if (!job || !pod || job->meta.uid != uid || job->meta.being_deleted) {
        return;
    }
    if (session_of(uid) == nullptr && !enter(*job, *pod)) {
        return;
    }
    auto& session = *session_of(uid);
    const bool is_free = std::ranges::none_of(world_.postgres.sessions, [&](const Session& other) {
        return other.holds_lock && other.database == session.database;
    });
    if (!is_free && waited >= kLockWait) {
        auto ended = *pod;
        ended.has_ended = true;
        say(ended, 75, "LockHeld");
        end(std::move(ended), key, uid);
        return;
    }
    if (!is_free) {
        world_.timeline.after(1'000, [this, key, uid, waited] {
            migrate(key, uid, waited + 1'000);
        });
        return;
    }
    session.holds_lock = true;
    world_.history.note("job", [&] { return key.name.str() + " migrates"; });
    world_.rules.migration_begins(*job);
    if (loses_node(job->image)) {
        lose(*job, *pod);
        return;
    }
    world_.timeline.after(random_.between(100, 8'000), [this, key, uid] {
        const auto now = world_.api.jobs.find(key);
        const auto its_pod = world_.api.pods.find(key);
        if (now && its_pod && now->meta.uid == uid && !its_pod->has_ended) {
            world_.rules.migration_ends(key);
            end(answer(*now, *its_pod), key, uid);
        }
    });
}

Pod Controllers::answer(const Job& job, Pod pod) {
    const auto attempt = draw_attempt(job.image);
    // It was logged in until now, unless somebody ended that.
    const bool is_cut = session_of(job.meta.uid) == nullptr;
    const auto why = log_in(job);
    pod.has_ended = true;
    if (is_cut || !why.empty()) {
        say(pod, 75, "Unreachable");
        return pod;
    }
    if (!may_migrate(world_, job)) {
        say(pod, 91, "PlanChanged");
        return pod;
    }
    switch (attempt) {
        case Attempt::WaitsForLock:
            say(pod, 85, "LockTimeout");
            return pod;
        case Attempt::Breaks:
            say(pod, 88, "MigrationFailed");
            return pod;
        case Attempt::IsKilled:
            pod.exit_code = 137;
            pod.reason = "OOMKilled";
            return pod;
        case Attempt::Succeeds:
        case Attempt::LosesAnswer:
        case Attempt::LosesNode:
        case Attempt::Lies:
        case Attempt::NeverStarts:
            break;
    }
    const auto& leaves = world_.leaves.at(job.image);
    say(pod, 0, {});
    pod.answer = answer_of(JobKind::Migrate, {}, leaves);
    if (attempt != Attempt::Lies) {
        const auto secret =
            world_.api.secrets.find({job.meta.key.ns, ObjectName(job.database + "-migrate")});
        auto* database = world_.postgres.find(secret->data.at("DB_NAME").reveal());
        database->has_migrations_table = true;
        database->migrations.insert(leaves.begin(), leaves.end());
    }
    if (attempt == Attempt::LosesAnswer) {
        pod.meta.being_deleted = true;
    }
    return pod;
}

}  // namespace djdb::model
