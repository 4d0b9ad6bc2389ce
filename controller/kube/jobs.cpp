// The Cluster port's part for Jobs.
#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/field_manager.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/objects/events.hpp"
#include "controller/kube/objects/fields.hpp"
#include "controller/kube/objects/job_run.hpp"
#include "controller/kube/refusal.hpp"
#include "controller/kube/running_migration.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

constexpr int kJobTtlSeconds = 24 * 3600;

}  // namespace

using nlohmann::json;

std::vector<JobRun> KubeCluster::list_jobs(const ObjectKey& database) {
    std::vector<JobRun> jobs;
    const auto owned = index_word(database.ns, database.name.str());
    for (const auto& object : caches_.jobs.list_indexed(owned)) {
        const auto kind = parse_job_kind(label_of(*object, api::kJobKindLabel));
        if (!kind) {
            continue;
        }
        const auto made = index_word(database.ns, text_at(*object, {"metadata", "name"}));
        jobs.push_back(decode_job(*kind, *object, caches_.pods.list_indexed(made)));
    }
    return jobs;
}

std::optional<Explanation> KubeCluster::read_warning(
    const Namespace& ns, const ResourceUid& about, const CallContext& call
) {
    const Selection its{ns.str(), "", "regarding.uid=" + about.str()};
    return last_warning(client_.list(resources::kEvents, its, call).items);
}

void KubeCluster::require_no_running_migration(
    const DjangoDatabase& database, const CallContext& call
) {
    const auto& meta = database.meta;
    if (const auto running = find_running_migration(client_, meta.key, meta.uid, "", call)) {
        refuse("409 JobRuns", "Job \"" + *running + "\" is not over. Nothing was changed.");
    }
}

void KubeCluster::create_job(const json& manifest, const CallContext& call) {
    const auto key = decode_meta(manifest).key;
    const ObjectKey database{key.ns, ObjectName(label_of(manifest, api::kOwnedByLabel))};
    const bool migrates =
        parse_job_kind(label_of(manifest, api::kJobKindLabel)) == JobKind::Migrate;
    const auto running = migrates
                             ? find_running_migration(
                                   client_, database, controller_of(manifest), key.name.str(), call
                               )
                             : std::nullopt;
    if (running) {
        refuse("409 JobRuns", "Job \"" + *running + "\" is not over. None was made beside it.");
    }
    try {
        client_.create(resources::kJobs, manifest, {.field_manager = manager("jobs")}, call);
    } catch (const Error& error) {
        if (error.failure().code != "409 AlreadyExists") {
            throw;
        }
        const auto current = client_.read(resources::kJobs, key, call);
        if (current && controller_of(*current) != controller_of(manifest)) {
            refuse_foreign(manifest);
        }
    }
}

void KubeCluster::arm_job_ttl(const ObjectKey& job, const CallContext& call) {
    patch_job(job, {{"spec", {{"ttlSecondsAfterFinished", kJobTtlSeconds}}}}, call);
}

void KubeCluster::lift_job_deadline(
    const ObjectKey& job, const ResourceUid& uid, const CallContext& call
) {
    const json patch{
        {"metadata", {{"uid", uid.str()}}}, {"spec", {{"activeDeadlineSeconds", nullptr}}}};
    try {
        patch_job(job, patch, call);
    } catch (const Error&) {
        // Of another UID the API server says Invalid, as if a person had to change the content.
        const auto current = client_.read(resources::kJobs, job, call);
        if (current && decode_meta(*current).uid != uid) {
            refuse("409 Replaced", "Job \"" + job.name.str() + "\" is another one by now.");
        }
        throw;
    }
}

/// A Job that is gone needs nothing.
void KubeCluster::patch_job(const ObjectKey& job, const json& patch, const CallContext& call) {
    try {
        client_.merge_patch(resources::kJobs, job, patch, {manager("jobs"), ""}, call);
    } catch (const Error& error) {
        if (!error.failure().code.starts_with("404")) {
            throw;
        }
    }
}

void KubeCluster::remove_job(
    const ObjectKey& job, const ResourceUid& uid, const CallContext& call
) {
    const RemoveOptions options{uid.str(), {}, "Foreground"};
    client_.remove(resources::kJobs, job, options, call);
}

void KubeCluster::cancel_job(
    const ObjectKey& job, const ResourceUid& uid, const CallContext& call
) {
    // With the version of before the look: the Job changes when a Pod is made for it or runs.
    const auto current = client_.read(resources::kJobs, job, call);
    if (!current || text_at(*current, {"metadata", "uid"}) != uid.str()) {
        return;
    }
    const Selection own{job.ns.str(), std::string(kJobNameLabel) + "=" + job.name.str(), {}};
    const auto pods = client_.list(resources::kPods, own, call).items;
    auto run = decode_job(JobKind::Migrate, *current, pods);
    if (may_have_started(run)) {  // unless its Events say what is in the way
        run.obstacle = read_warning(job.ns, told_by_events_of(run), call);
    }
    if (may_have_started(run)) {
        refuse(
            "JobStarted",
            "Job \"" + job.name.str() +
                "\" of an earlier template was not removed: a Pod of it has started. It ends first."
        );
    }
    const RemoveOptions options{
        uid.str(), text_at(*current, {"metadata", "resourceVersion"}), "Foreground"};
    client_.remove(resources::kJobs, job, options, call);
}

}  // namespace djdb::kube
