// A backup's Job: an init container dumps, another one reads back, and then ours keeps what could be read.
#include "tests/model/kube/answers.hpp"
#include "tests/model/kube/controllers.hpp"

#include <string>
#include <utility>

namespace djdb::model {
namespace {

/// Ours has not started, so that its end is told by that one.
void fail_init(Pod& pod, const std::string& container, const std::string& words) {
    pod.has_ended = true;
    pod.exit_code = 1;
    pod.reason = kInitContainerFailed;
    pod.answer = "init container \"" + container + "\" ended with exit code 1: " + words;
    pod.init_container.clear();
}

std::string file_of(const Job& job) {
    return R"(,"file":")" + job.meta.key.name.str() + R"(.dump","bytes":4096,"sha256":")" +
           std::string(64, 'a') + "\"";
}

std::string list(const std::set<std::string>& names) {
    std::string all;
    for (const auto& name : names) {
        all += " " + name;
    }
    return all.empty() ? " no migrations" : all;
}

}  // namespace

void Controllers::begin_backup(const Job& job, Pod pod) {
    const auto& key = job.meta.key;
    auto attempt = BackupAttempt::Succeeds;
    if (!world_.backups.empty()) {
        attempt = world_.backups.front();
        world_.backups.pop_front();
    }
    pod.is_initializing = true;
    auto waits = random_.between(50, 1'500);
    if (attempt == BackupAttempt::StartsLate) {
        pod.stuck = "no such image yet";
        waits = random_.between(15'000, 60'000);
        ++world_.failed_attempts;
    }
    world_.api.put_pod(std::move(pod));
    world_.timeline.after(waits, [this, key, uid = job.meta.uid, attempt] {
        dump(key, uid, attempt);
    });
    stop_at_deadline(job);
}

void Controllers::dump(const ObjectKey& key, const ResourceUid& uid, BackupAttempt attempt) {
    auto found = find_at_work(key, uid);
    if (!found) {
        return;
    }
    auto& [job, pod] = *found;
    pod.stuck.clear();
    if (const auto why = log_in(job); !why.empty()) {
        fail_init(pod, kDumpContainer, "pg_dump: error: " + why);
        end(std::move(pod), key, uid);
        return;
    }
    const auto& database = *world_.postgres.find(job.database);
    const Dump begun{database.oid, world_.timeline.now(), database.migrations};
    world_.history.note("job", [&] {
        return key.name.str() + " dumps" + list(database.migrations);
    });
    world_.rules.backup_begins(job);
    pod.init_container = kDumpContainer;
    if (attempt == BackupAttempt::LosesNode) {
        lose(job, std::move(pod));
        return;
    }
    world_.api.put_pod(std::move(pod));
    if (attempt != BackupAttempt::Hangs) {
        world_.timeline.after(random_.between(100, 8'000), [this, key, uid, attempt, begun] {
            end_dump(key, uid, attempt, begun);
        });
    }
}

/// Its session is of the database that it began with, and is gone with that or with its login.
void Controllers::end_dump(
    const ObjectKey& key, const ResourceUid& uid, BackupAttempt attempt, const Dump& begun
) {
    auto found = find_at_work(key, uid);
    if (!found) {
        return;
    }
    auto& [job, pod] = *found;
    auto why = log_in(job);
    if (why.empty() && world_.postgres.find(job.database)->oid != begun.database) {
        why = "terminating connection";
    }
    if (attempt == BackupAttempt::DumpFails) {
        why = "permission denied for table orders";
    }
    if (!why.empty()) {
        fail_init(pod, kDumpContainer, "pg_dump: error: " + why);
        end(std::move(pod), key, uid);
        return;
    }
    pod.init_container = kReadBackContainer;
    world_.api.put_pod(std::move(pod));
    world_.timeline.after(random_.between(50, 1'000), [this, key, uid, attempt, begun] {
        read_back(key, uid, attempt, begun);
    });
}

void Controllers::read_back(
    const ObjectKey& key, const ResourceUid& uid, BackupAttempt attempt, const Dump& begun
) {
    auto found = find_at_work(key, uid);
    if (!found) {
        return;
    }
    auto& pod = found->pod;
    if (attempt == BackupAttempt::ReadBackFails) {
        fail_init(pod, kReadBackContainer, "pg_restore: error: unexpected end of file");
        end(std::move(pod), key, uid);
        return;
    }
    pod.is_initializing = false;
    pod.init_container.clear();
    world_.api.put_pod(std::move(pod));
    world_.timeline.after(random_.between(20, 500), [this, key, uid, attempt, begun] {
        keep(key, uid, attempt, begun);
    });
}

void Controllers::keep(
    const ObjectKey& key, const ResourceUid& uid, BackupAttempt attempt, Dump begun
) {
    auto found = find_at_work(key, uid);
    if (!found) {
        return;
    }
    auto& [job, pod] = *found;
    pod.has_ended = true;
    if (attempt == BackupAttempt::IsKilled) {
        pod.exit_code = 137;
        pod.reason = "OOMKilled";
        end(std::move(pod), key, uid);
        return;
    }
    const bool names_it = attempt != BackupAttempt::NamesNoDump;
    pod.reason = "Completed";
    pod.answer = answer_of(JobKind::Backup, {}, {}, names_it ? file_of(job) : "");
    pod.meta.being_deleted = attempt == BackupAttempt::LosesAnswer;
    if (names_it && attempt != BackupAttempt::LosesAnswer) {
        begun.ended = world_.timeline.now();
        world_.rules.backup_is_kept(std::move(begun));
    } else if (!names_it) {
        ++world_.failed_attempts;
    }
    pod.others_run = attempt == BackupAttempt::HasSidecar;
    end(std::move(pod), key, uid);
}

}  // namespace djdb::model
