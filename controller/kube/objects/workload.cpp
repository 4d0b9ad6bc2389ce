#include "controller/kube/objects/observed_objects.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace djdb::kube {
namespace {

using nlohmann::json;

const json& child(const json& object, const char* key) {
    static const json kEmpty = json::object();
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? kEmpty : *found;
}

/// The manager that owns spec.paused. The admission policy's change is owned by nobody (measured
/// on 1.36.3).
std::string pauser_of(const json& deployment) {
    for (const auto& entry : child(child(deployment, "metadata"), "managedFields")) {
        if (child(child(entry, "fieldsV1"), "f:spec").contains("f:paused")) {
            return entry.value("manager", "unknown");
        }
    }
    return {};
}

bool has_condition(const json& object, const char* type, const char* status, const char* reason) {
    const auto& conditions = child(child(object, "status"), "conditions");
    return std::ranges::any_of(conditions, [&](const json& condition) {
        return condition.value("type", "") == type && condition.value("status", "") == status &&
               (reason == nullptr || condition.value("reason", "") == reason);
    });
}

/// status.terminatingReplicas is there from Kubernetes 1.35 on (beta); status.replicas does not count
/// Pods that end.
PodsState judge_pods(const json& deployment) {
    const auto& status = child(deployment, "status");
    const auto wanted = child(deployment, "spec").value("replicas", 1);
    const auto updated = status.value("updatedReplicas", 0);
    if (status.value("observedGeneration", std::int64_t{0}) <
        child(deployment, "metadata").value("generation", std::int64_t{0})) {
        return PodsState::Unseen;
    }
    if (status.value("replicas", 0) > updated) {
        return PodsState::Mixed;
    }
    if (updated < wanted || status.value("availableReplicas", 0) < wanted) {
        return PodsState::Progressing;
    }
    const bool some_end = updated > wanted || status.value("terminatingReplicas", 0) > 0;
    return some_end ? PodsState::Terminating : PodsState::Complete;
}

std::string one_line(std::string text, std::size_t limit) {
    for (auto& c : text) {
        if (static_cast<unsigned char>(c) < ' ') {
            c = ' ';
        }
    }
    if (text.size() > limit) {
        // Not within a character: JSON can't be written with half a one.
        while (limit > 0 && (static_cast<unsigned char>(text.at(limit)) & 0xC0U) == 0x80U) {
            --limit;
        }
        text.resize(limit);
    }
    return text;
}

/// Why the runtime could not start the container, and the repair where we know it.
std::string explain_start(const std::string& message) {
    const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
    if (says("python3") && (says("not found") || says("o such file"))) {
        return "the image has no python3 on PATH, which the migration is started with. Set env "
               "PATH in the Pod template so that it contains the folder of the app's interpreter "
               "(such as /opt/venv/bin), or add a link python3 to the image";
    }
    return message;
}

/// Why a Pod does not start: the waiting reasons that don't heal by themselves, and failed
/// scheduling.
std::string stuck_reason(const json& pod) {
    static constexpr std::array<std::string_view, 6> kStuck{
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError"};
    const auto& status = child(pod, "status");
    for (const auto& container : child(status, "containerStatuses")) {
        const auto& waiting = child(child(container, "state"), "waiting");
        const auto reason = waiting.value("reason", "");
        if (std::ranges::find(kStuck, reason) != kStuck.end()) {
            return one_line(reason + ": " + explain_start(waiting.value("message", "")), 500);
        }
    }
    for (const auto& condition : child(status, "conditions")) {
        if (condition.value("type", "") == "PodScheduled" &&
            condition.value("status", "") == "False") {
            return one_line(
                condition.value("reason", "") + ": " + condition.value("message", ""), 500
            );
        }
    }
    return {};
}

/// Eight hexadecimal digits after eight; empty when it is anything else, so that nothing half-read
/// is believed.
std::vector<std::uint32_t> decode_hashes(const std::string& text) {
    constexpr std::size_t kDigits = 8;
    std::vector<std::uint32_t> hashes;
    for (std::size_t at = 0; at < text.size(); at += kDigits) {
        const auto digits = std::string_view(text).substr(at, kDigits);
        std::uint32_t hash = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
        if (digits.size() != kDigits || error != std::errc{} ||
            end != digits.data() + digits.size()) {
            return {};
        }
        hashes.push_back(hash);
    }
    return hashes;
}

/// The answer of a program that was killed, or left by application code, before it was done. The
/// reason stays the runtime's, such as OOMKilled.
void read_last_words(const json& answer, MigrationJob& out) {
    if (out.state == JobState::Succeeded) {
        out.state = JobState::Failed;
        out.reason = "NoAnswer";
    }
    const auto migration = text_at(answer, {"migration"});
    out.message = "the container ended with exit code " + std::to_string(out.exit_code) +
                  " before it was done, at stage " + one_line(text_at(answer, {"stage"}), 64) +
                  (migration.empty() ? "" : " in " + one_line(migration, 300));
}

std::vector<std::string> names_at(const json& answer, const char* key) {
    std::vector<std::string> names;
    const auto& list = child(answer, key);
    for (const auto& name : list.is_array() ? list : json::array()) {
        if (name.is_string()) {
            names.push_back(name.get<std::string>());
        }
    }
    return names;
}

void read_answer(const std::string& message, MigrationJob& out) {
    const auto answer = parse_wire_json(message);
    if (!answer.is_object()) {
        if (out.state == JobState::Succeeded) {
            out.state = JobState::Failed;
            out.reason = "NoAnswer";
            out.message = "the container ended well but gave no answer, so nothing is known";
        }
        return;
    }
    // The program in the Pod is the tenant's: each member is read only if it has its type.
    if (text_at(answer, {"reason"}) == "InProgress") {
        read_last_words(answer, out);
        return;
    }
    if (const auto reason = text_at(answer, {"reason"}); !reason.empty()) {
        out.reason = one_line(reason, 64);
    }
    out.message = one_line(text_at(answer, {"message"}), 500);
    out.leaf_hashes = decode_hashes(text_at(answer, {"leaves_crc32"}));
    out.leaves = names_at(answer, "leaves");
    out.applied = names_at(answer, "applied");
    const auto ok = answer.find("ok");
    if (out.state == JobState::Succeeded && (ok == answer.end() || *ok != true)) {
        out.state = JobState::Failed;
    }
}

/// @param name of the container that migrates
/// @return whether it has ended
bool read_pod(const json& pod, const std::string& name, MigrationJob& out) {
    bool ended_here = false;
    for (const auto& container : child(child(pod, "status"), "containerStatuses")) {
        const auto& ended = child(child(container, "state"), "terminated");
        if (ended.empty() || container.value("name", "") != name) {
            continue;
        }
        ended_here = true;
        out.exit_code = ended.value("exitCode", 0);
        out.reason = out.state == JobState::Failed ? ended.value("reason", "") : "";
        out.message.clear();
        read_answer(ended.value("message", ""), out);
        if (ended.value("reason", "") == "StartError") {
            out.message = one_line(explain_start(ended.value("message", "")), 500);
        }
        if (out.state == JobState::Failed && out.message.empty()) {
            out.message = "the container ended with exit code " + std::to_string(out.exit_code) +
                          " and gave no answer";
        }
    }
    return ended_here;
}

/// A Job's end counts only with its Pod's answer: a Pod that is gone is tried again (75), one whose
/// end has not reached our cache yet still runs.
void judge_missing_answer(const std::vector<std::shared_ptr<const json>>& pods, MigrationJob& out) {
    const bool is_underway = std::ranges::any_of(pods, [](const auto& pod) {
        const auto phase = child(*pod, "status").value("phase", "");
        return phase != "Succeeded" && phase != "Failed";
    });
    if (is_underway) {
        out.state = JobState::Running;
        return;
    }
    out.state = JobState::Failed;
    out.exit_code = 75;
    out.reason = "AnswerLost";
    out.message = "the Job's Pod was removed or evicted before its answer was read";
}

/// The Job controller deletes the Pod then, so its answer may be seen or not; either way a retry
/// would take as long again.
void judge_deadline(MigrationJob& out) {
    constexpr int kNeedsAPerson = 89;
    if (out.exit_code != kNeedsAPerson) {
        out.exit_code = 0;
        out.reason = "DeadlineExceeded";
        out.message = "it ran longer than spec.migrations.deadline and was stopped";
    }
}

/// The Job's own container: admission may have put others beside it in the Pod.
std::string container_of(const json& job) {
    const auto& pod = child(child(child(job, "spec"), "template"), "spec");
    const auto& containers = child(pod, "containers");
    return containers.empty() ? "" : containers.at(0).value("name", "");
}

std::string failure_text(const json& job) {
    for (const auto& condition : child(child(job, "status"), "conditions")) {
        if (condition.value("type", "") == "Failed") {
            return one_line(condition.value("message", ""), 300);
        }
    }
    return {};
}

TimePoint finished_at(const json& job) {
    for (const auto& condition : child(child(job, "status"), "conditions")) {
        const auto type = condition.value("type", "");
        if (type == "Complete" || type == "Failed") {
            return parse_time(condition.value("lastTransitionTime", "")).value_or(TimePoint{});
        }
    }
    return {};
}

}  // namespace

std::string label_of(const json& object, std::string_view name) {
    return text_at(object, {"metadata", "labels", std::string(name).c_str()});
}

Workload decode_workload(const json& deployment) {
    Workload workload;
    workload.meta = decode_meta(deployment);
    workload.order = label_of(deployment, api::kOrderLabel);
    const auto& spec = child(deployment, "spec");
    workload.pod_template = child(spec, "template").dump();
    workload.paused = spec.value("paused", false);
    workload.paused_by = workload.paused ? pauser_of(deployment) : std::string{};
    workload.pods = judge_pods(deployment);
    workload.progress_deadline_exceeded =
        has_condition(deployment, "Progressing", "False", "ProgressDeadlineExceeded");
    return workload;
}

MigrationJob decode_migration_job(
    const json& job, const std::vector<std::shared_ptr<const json>>& pods
) {
    MigrationJob out;
    out.name = child(job, "metadata").value("name", "");
    out.uid = ResourceUid(child(job, "metadata").value("uid", ""));
    out.revision = Revision(label_of(job, api::kRevisionLabel));
    const auto& annotations = child(child(job, "metadata"), "annotations");
    out.image = ImageRef(annotations.value(std::string(api::kImageAnnotation), std::string{}));
    const auto attempt = annotations.value(std::string(api::kAttemptAnnotation), std::string{"1"});
    std::from_chars(attempt.data(), attempt.data() + attempt.size(), out.attempt);
    if (has_condition(job, "Complete", "True", nullptr)) {
        out.state = JobState::Succeeded;
    } else if (has_condition(job, "Failed", "True", nullptr)) {
        out.state = JobState::Failed;
        out.reason = "JobFailed";
        out.message = failure_text(job);
    }
    out.created =
        parse_time(child(job, "metadata").value("creationTimestamp", "")).value_or(TimePoint{});
    out.finished = finished_at(job);
    out.being_deleted = child(job, "metadata").contains("deletionTimestamp");
    out.expires = child(job, "spec").contains("ttlSecondsAfterFinished");
    out.has_pod = !pods.empty();
    const auto container = container_of(job);
    bool answered = false;
    for (const auto& pod : pods) {
        if (out.state == JobState::Running) {
            out.stuck = stuck_reason(*pod);
        } else {
            answered = read_pod(*pod, container, out) || answered;
        }
    }
    const bool timed_out = has_condition(job, "Failed", "True", "DeadlineExceeded");
    if (timed_out) {
        judge_deadline(out);
    } else if (out.state != JobState::Running && !answered) {
        judge_missing_answer(pods, out);
    }
    return out;
}

}  // namespace djdb::kube
