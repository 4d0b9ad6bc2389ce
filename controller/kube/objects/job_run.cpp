#include "controller/kube/objects/job_run.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "crds/api.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>
#include <string>

namespace djdb::kube {
namespace {

using nlohmann::json;

TimePoint time_at(const json& object, const char* key) {
    // Null in what a kubelet says of a container that it has lost (ContainerStatusUnknown).
    return parse_time(text_at(object, {key})).value_or(TimePoint{});
}

Explanation explanation_in(const json& object) {
    return {object.value("reason", ""), object.value("message", "")};
}

}  // namespace

std::string own_container_of(const json& job) {
    const auto& pod = child(child(child(job, "spec"), "template"), "spec");
    const auto& containers = child(pod, "containers");
    return containers.empty() ? "" : containers.at(0).value("name", "");
}

namespace {

std::optional<ContainerEnd> end_in(const json& terminated) {
    if (terminated.empty()) {
        return std::nullopt;
    }
    return ContainerEnd{
        terminated.value("exitCode", 0),
        terminated.value("reason", ""),
        terminated.value("message", ""),
        time_at(terminated, "finishedAt")};
}

std::string init_container(const json& status) {
    return "init container \"" + status.value("name", "") + "\"";
}

/// Of one of ours alone: another's may be the end of its log, where anything may stand.
std::string words_of(const json& status, const ContainerEnd& end) {
    const auto name = status.value("name", "");
    const bool is_ours =
        name == kClearContainer || name == kDumpContainer || name == kReadBackContainer;
    return is_ours && !end.answer_text.empty() ? ": " + end.answer_text : "";
}

/// Ours waits for them. One that ends badly ends the Pod; a native sidecar is one of them, and has no end.
void decode_init_containers(const json& status, JobPod& out) {
    for (const auto& container : child(status, "initContainerStatuses")) {
        const auto& state = child(container, "state");
        const auto end = end_in(child(state, "terminated"));
        if (end && end->exit_code != 0 && out.is_over) {
            out.end = *end;
            out.end->reason = kInitContainerFailed;
            out.end->answer_text = init_container(container) + " ended with exit code " +
                                   std::to_string(end->exit_code) + words_of(container, *end);
        }
        // A native sidecar counts as started, and ours need not wait for its end.
        if (!child(state, "running").empty() && !container.value("started", false)) {
            out.waiting = {kInitContainerRunning, init_container(container)};
        }
        if (const auto& waiting = child(state, "waiting"); waiting.contains("reason")) {
            const auto [reason, message] = explanation_in(waiting);
            if (reason != "PodInitializing") {
                out.waiting = {reason, init_container(container) + ": " + message};
            }
        }
    }
}

/// @param name of the container that is ours
JobPod decode_pod(const json& pod, const std::string& name) {
    const auto& status = child(pod, "status");
    const auto phase = status.value("phase", "");
    JobPod out;
    out.uid = ResourceUid(text_at(pod, {"metadata", "uid"}));
    out.name = text_at(pod, {"metadata", "name"});
    out.node = text_at(pod, {"spec", "nodeName"});
    // The API server counts the grace into it.
    out.grace_ends = parse_time(text_at(pod, {"metadata", "deletionTimestamp"}));
    out.is_over = phase == "Succeeded" || phase == "Failed";
    if (const auto* refused = find_condition(pod, "PodScheduled", "False")) {
        out.unscheduled = explanation_in(*refused);
    }
    for (const auto& container : child(status, "containerStatuses")) {
        const auto& state = child(container, "state");
        if (container.value("name", "") != name) {
            out.others_run = out.others_run || child(state, "terminated").empty();
            continue;
        }
        // A container that was restarted has a last state.
        out.has_started = !child(state, "running").empty() || !child(state, "terminated").empty() ||
                          !child(container, "lastState").empty();
        if (const auto& waiting = child(state, "waiting"); !waiting.empty()) {
            out.waiting = explanation_in(waiting);
        }
        out.end = end_in(child(state, "terminated"));
    }
    if (!out.has_started) {
        decode_init_containers(status, out);
    }
    return out;
}

/// FailureTarget comes first, while Pods are being stopped, and Failed when they have ended.
void decode_state(const json& job, JobRun& out) {
    if (const auto* complete = find_condition(job, "Complete", "True")) {
        out.state = JobState::Complete;
        out.finished = time_at(*complete, "lastTransitionTime");
    } else if (const auto* failed = find_condition(job, "Failed", "True")) {
        out.state = JobState::Failed;
        out.finished = time_at(*failed, "lastTransitionTime");
        out.failure_reason = failed->value("reason", "");
    } else if (const auto* failing = find_condition(job, "FailureTarget", "True")) {
        out.failure_reason = failing->value("reason", "");
    }
}

/// One of a deleted Job of the same name may be there still.
bool is_of(const JobRun& job, const json& pod) {
    const auto controller = controller_of(pod);
    return controller.empty() || controller == job.uid;
}

void add_pod(JobRun& run, const json& job, const json& pod) {
    if (is_of(run, pod)) {
        run.pods.push_back(decode_pod(pod, own_container_of(job)));
    }
}

/// Of the Job alone.
JobRun decode_podless(JobKind kind, const json& job) {
    const auto& metadata = child(job, "metadata");
    const auto& annotations = child(metadata, "annotations");
    const auto& spec = child(job, "spec");
    const auto attempt = annotations.value(std::string(api::kAttemptAnnotation), std::string{"1"});
    JobRun out;
    out.kind = kind;
    out.name = metadata.value("name", "");
    out.uid = ResourceUid(metadata.value("uid", ""));
    out.revision = Revision(label_of(job, api::kRevisionLabel));
    out.image = ImageRef(annotations.value(std::string(api::kImageAnnotation), std::string{}));
    std::from_chars(attempt.data(), attempt.data() + attempt.size(), out.attempt);
    out.proves = annotations.value(std::string(api::kProvesAnnotation), "");
    decode_state(job, out);
    out.created = time_at(metadata, "creationTimestamp");
    out.being_deleted = metadata.contains("deletionTimestamp");
    out.has_deadline = spec.contains("activeDeadlineSeconds");
    out.expires = spec.contains("ttlSecondsAfterFinished");
    return out;
}

}  // namespace

JobRun decode_job(
    JobKind kind, const json& job, const std::vector<std::shared_ptr<const json>>& pods
) {
    auto out = decode_podless(kind, job);
    for (const auto& pod : pods) {
        add_pod(out, job, *pod);
    }
    return out;
}

JobRun decode_job(JobKind kind, const json& job, const std::vector<json>& pods) {
    auto out = decode_podless(kind, job);
    for (const auto& pod : pods) {
        if (label_of(pod, kJobNameLabel) == out.name) {
            add_pod(out, job, pod);
        }
    }
    return out;
}

}  // namespace djdb::kube
