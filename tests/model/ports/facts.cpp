#include "tests/model/ports/facts.hpp"

#include "crds/api.hpp"
#include "tests/model/ports/manifest_fields.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace djdb::model {
namespace {

JobState state_of(JobEnding end) {
    if (end == JobEnding::None) {
        return JobState::Running;
    }
    return end == JobEnding::Succeeded ? JobState::Complete : JobState::Failed;
}

}  // namespace

Job job_in(const json& manifest) {
    const auto& metadata = manifest.at("metadata");
    const auto text = [&](const char* part, std::string_view name) {
        return metadata.at(part).at(std::string(name)).get<std::string>();
    };
    Job job;
    job.meta.key = key_in(manifest);
    job.kind = parse_job_kind(text("labels", api::kJobKindLabel)).value();
    job.database = text("labels", api::kOwnedByLabel);
    job.revision = text("labels", api::kRevisionLabel);
    job.image = text("annotations", api::kImageAnnotation);
    job.attempt = std::stoi(text("annotations", api::kAttemptAnnotation));
    job.proves = text("annotations", api::kProvesAnnotation);
    job.controller = owner_in(manifest);
    job.deadline = std::chrono::seconds{
        manifest.at(json::json_pointer("/spec/activeDeadlineSeconds")).get<std::int64_t>()};
    const json::json_pointer environment("/spec/template/spec/containers/0/env");
    for (const auto& variable : manifest.value(environment, json::array())) {
        if (variable.at("name") == "DJANGODB_APPROVED") {
            job.approved = variable.at("value").get<std::string>();
        }
    }
    return job;
}

PodsState state_of(const Deployment& deployment) {
    if (deployment.observed_generation < deployment.meta.generation) {
        return PodsState::Unseen;
    }
    switch (deployment.pods) {
        case Pods::Unseen:
            return PodsState::Unseen;
        case Pods::Mixed:
            return PodsState::Mixed;
        case Pods::Progressing:
            return PodsState::Progressing;
        case Pods::Terminating:
            return PodsState::Terminating;
        case Pods::Complete:
            break;
    }
    return PodsState::Complete;
}

JobRun facts_of(const Job& job, const Pod* pod) {
    JobRun run;
    run.kind = job.kind;
    run.name = job.meta.key.name.str();
    run.uid = job.meta.uid;
    run.revision = Revision(job.revision);
    run.image = ImageRef(job.image);
    run.attempt = job.attempt;
    run.proves = job.proves;
    run.state = state_of(job.end);
    if (job.end == JobEnding::Failed) {
        run.failure_reason =
            job.failure_reason.empty() ? "BackoffLimitExceeded" : job.failure_reason;
    }
    run.created = job.created;
    run.finished = job.finished;
    run.being_deleted = job.meta.being_deleted;
    run.has_deadline = job.has_deadline;
    run.expires = job.expires;
    if (pod != nullptr) {
        JobPod its;
        its.uid = pod->meta.uid;
        its.name = pod->meta.key.name.str();
        its.node = "node-1";
        its.grace_ends = pod->grace_ends;
        its.is_over = pod->has_ended && !pod->others_run;
        its.others_run = pod->others_run;
        its.has_started = pod->stuck.empty() && !pod->is_initializing;
        if (!pod->stuck.empty()) {
            its.waiting = Explanation{"ErrImagePull", pod->stuck};
        } else if (!pod->init_container.empty()) {
            its.waiting = Explanation{
                kInitContainerRunning, "init container \"" + pod->init_container + "\""};
        }
        if (pod->has_ended) {
            its.end = ContainerEnd{pod->exit_code, pod->reason, pod->answer, pod->finished};
        }
        run.pods.push_back(std::move(its));
    }
    return run;
}

}  // namespace djdb::model
