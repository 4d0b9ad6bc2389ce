#include "reconcilers/manifests/app_job.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/manifests/app_pod.hpp"
#include "reconcilers/manifests/metadata.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace djdb {

using nlohmann::json;

namespace {

constexpr std::string_view kNeverReady = "djangodb.io/serves";

/// They may be what a proxy or a Secret is put into the Pod for. Those that name a container are refused where that is
/// not there.
json kept_annotations(const PodTemplate& pod_template) {
    constexpr std::array<std::string_view, 2> kOfAContainer{
        "container.apparmor.security.beta.kubernetes.io/",
        "container.seccomp.security.alpha.kubernetes.io/"};
    auto kept = json::object();
    const auto all = json::parse(pod_template.text())
                         .value(json::json_pointer("/metadata/annotations"), json::object());
    for (const auto& [key, value] : all.items()) {
        if (std::ranges::none_of(kOfAContainer, [&](auto prefix) {
                return key.starts_with(prefix);
            })) {
            kept[key] = value;
        }
    }
    return kept;
}

}  // namespace

std::string app_job_name(
    const Desired& desired, JobKind kind, const Revision& revision, int attempt
) {
    const auto& name = desired.object.meta.key.name.str();
    // 63 bytes is the limit of the label job-name; a resource's name has at most 52 and may hold dots,
    // behind which no "-" may stand.
    auto start = name.substr(0, 36);
    start.erase(start.find_last_not_of("-.") + 1);
    return start + "-" + std::string(to_string(kind)) + "-" + revision.str() + "-" +
           std::to_string(attempt);
}

const RoleName& acting_role(const Desired& desired) {
    return desired.setup.runtime == RuntimeAccess::Owner ? desired.names.owner
                                                         : desired.names.read_write;
}

std::vector<std::pair<std::string, std::string>> app_job_environment(
    const Desired& desired, const ServerAccess& access, const RoleName& user
) {
    const auto& app = desired.object.spec.app;
    std::vector<std::pair<std::string, std::string>> variables{
        {"DJANGODB_EXPECT_DATABASE", desired.names.database.str()},
        {"DJANGODB_EXPECT_USER", user.str()},
        {"DJANGODB_REQUIRE_TLS", access.address.is_socket() ? "0" : "1"},
        {"DJANGODB_TERMINATION_LOG", kTerminationLog},
        {"PGCONNECT_TIMEOUT", "10"},
        {"PYTHONUNBUFFERED", "1"},
        {"PYTHONDONTWRITEBYTECODE", "1"}};
    if (!app.manage.empty()) {
        variables.emplace_back("DJANGODB_MANAGE", json(app.manage).dump());
    }
    if (!app.settings_module.empty()) {
        variables.emplace_back("DJANGO_SETTINGS_MODULE", app.settings_module);
    }
    return variables;
}

std::map<std::string, std::string> marks_against_eviction() {
    return {
        {"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"},
        {"descheduler.alpha.kubernetes.io/prefer-no-eviction", "true"},
        {"karpenter.sh/do-not-disrupt", "true"}};
}

json render_job_around(const Desired& desired, const AppJob& job, JobPodManifest pod) {
    const auto metadata = render_job_metadata(
        desired, app_job_name(desired, pod.kind, job.revision, job.attempt), pod.kind, job
    );
    json pod_metadata{{"labels", job.pod_labels}};
    pod_metadata["labels"].update(metadata.at("labels"));
    auto annotations = kept_annotations(job.source.pod_template);
    annotations.update(json(pod.annotations));
    if (!annotations.empty()) {
        pod_metadata["annotations"] = std::move(annotations);
    }
    pod.spec["restartPolicy"] = "Never";
    pod.spec["readinessGates"] = json::array({{{"conditionType", std::string(kNeverReady)}}});
    return {
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", metadata},
        {"spec",
         {{"backoffLimit", 0},
          {"completions", 1},
          {"parallelism", 1},
          {"podReplacementPolicy", "Failed"},
          {"activeDeadlineSeconds", pod.deadline.count()},
          {"template", {{"metadata", pod_metadata}, {"spec", std::move(pod.spec)}}}}}};
}

json render_app_job(const Desired& desired, const AppJob& job, const AppJobProgram& program) {
    const AppProgram in_pod{
        app_container(job.source, desired.object.spec.app),
        desired.migration_name,
        program.file,
        program.login,
        program.environment,
        program.resources,
        program.volumes};
    return render_job_around(
        desired,
        job,
        {program.kind,
         render_app_pod(desired, job.source.pod_template, in_pod),
         program.annotations,
         program.deadline}
    );
}

}  // namespace djdb
