// The model API server's part for Jobs.
#include "tests/model/kube/api_server.hpp"
#include "tests/model/kube/refusals.hpp"

namespace djdb::model {

void ApiServer::refuse_running_migration(const ResourceUid& controller, const ObjectKey& but)
    const {
    for (const auto& [key, job] : jobs.all()) {
        const auto pod = pods.find(key);
        const bool is_over = pod ? pod->has_ended : job->end != JobEnding::None;
        if (job->controller == controller && job->kind == JobKind::Migrate && !is_over &&
            key != but) {
            throw Refusal(
                RefusalKind::Conflict,
                "409 JobRuns",
                "Job " + key.name.str() + " of the same database is not over"
            );
        }
    }
}

void ApiServer::create_job(Job job) {
    if (refuses_jobs) {
        ++jobs_refused;
        throw Refusal(
            RefusalKind::Invalid, "403 Forbidden", "jobs.batch is forbidden: exceeded quota: jobs=0"
        );
    }
    if (jobs.find(job.meta.key)) {
        throw Refusal(RefusalKind::Conflict, "409 AlreadyExists", "the job already exists");
    }
    ++writes_;
    stamp(job.meta, true);
    job.created = wall_clock();
    jobs.put(std::move(job));
}

void ApiServer::set_ttl(const ObjectKey& key) {
    auto job = require(jobs.find(key), key);
    if (!job.expires) {
        ++writes_;
        job.expires = true;
        stamp(job.meta, false);
        jobs.put(std::move(job));
    }
}

void ApiServer::lift_deadline(const ObjectKey& key, const ResourceUid& uid) {
    const auto found = jobs.find(key);
    if (found && found->meta.uid != uid) {
        throw replaced(key);
    }
    if (found && found->has_deadline) {
        ++writes_;
        auto job = *found;
        job.has_deadline = false;
        stamp(job.meta, false);
        jobs.put(std::move(job));
    }
}

void ApiServer::remove_job(const ObjectKey& key, const ResourceUid& uid) {
    const auto found = jobs.find(key);
    if (!found) {
        return;
    }
    if (found->meta.uid != uid) {
        throw conflict(key);
    }
    ++writes_;
    remove_job(key);
}

/// In the foreground: it stays visible until its Pods are gone.
void ApiServer::remove_job(const ObjectKey& key) {
    const auto found = jobs.find(key);
    if (!found || found->meta.being_deleted) {
        return;
    }
    if (!pods.find(key)) {
        jobs.remove(key);
        return;
    }
    auto job = *found;
    job.meta.being_deleted = true;
    stamp(job.meta, false);
    jobs.put(std::move(job));
}

}  // namespace djdb::model
