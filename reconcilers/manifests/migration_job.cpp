#include "reconcilers/manifests/migration_job.hpp"

#include "crds/api.hpp"
#include "reconcilers/manifests/secret.hpp"

#include <nlohmann/json.hpp>

namespace djdb {
namespace {

using nlohmann::json;

constexpr auto kProgramVolume = "djangodb-migrate";
constexpr auto kProgramDirectory = "/djangodb";
constexpr auto kTerminationLog = "/dev/termination-log";

void rename_secret(
    json& reference, const char* field, const std::string& from, const std::string& to
) {
    if (reference.contains(field) && reference.at(field) == from) {
        reference[field] = to;
    }
}

void swap_in_environment(json& container, const std::string& from, const std::string& to) {
    for (auto& source : container["envFrom"]) {
        if (source.contains("secretRef")) {
            rename_secret(source["secretRef"], "name", from, to);
        }
    }
    for (auto& variable : container["env"]) {
        if (variable.contains("valueFrom") && variable["valueFrom"].contains("secretKeyRef")) {
            rename_secret(variable["valueFrom"]["secretKeyRef"], "name", from, to);
        }
    }
}

void swap_in_volumes(json& pod, const std::string& from, const std::string& to) {
    for (auto& volume : pod["volumes"]) {
        if (volume.contains("secret")) {
            rename_secret(volume["secret"], "secretName", from, to);
        }
        if (!volume.contains("projected")) {
            continue;
        }
        for (auto& source : volume["projected"]["sources"]) {
            if (source.contains("secret")) {
                rename_secret(source["secret"], "name", from, to);
            }
        }
    }
}

json find_app_container(const json& pod, const AppSpec& app) {
    for (const auto& container : pod.at("containers")) {
        if (app.container.empty() || container.at("name") == app.container) {
            return container;
        }
    }
    return pod.at("containers").at(0);
}

void set_variable(json& container, const std::string& name, const std::string& value) {
    auto& env = container["env"];
    for (auto& variable : env) {
        if (variable.at("name") == name) {
            variable = {{"name", name}, {"value", value}};
            return;
        }
    }
    env.push_back({{"name", name}, {"value", value}});
}

json render_container(const Desired& desired, const json& pod, const ServerAccess& access) {
    const auto& spec = desired.object.spec;
    auto container = find_app_container(pod, spec.app);
    for (const auto* field :
         {"livenessProbe",
          "readinessProbe",
          "startupProbe",
          "ports",
          "lifecycle",
          "args",
          "resizePolicy",
          "restartPolicy"}) {
        container.erase(field);
    }
    container["command"] = json::array({"python3", std::string(kProgramDirectory) + "/migrate.py"});
    container["terminationMessagePath"] = kTerminationLog;
    container["terminationMessagePolicy"] = "File";
    container["volumeMounts"].push_back(
        {{"name", kProgramVolume}, {"mountPath", kProgramDirectory}, {"readOnly", true}}
    );
    swap_in_environment(container, desired.secret_name.str(), desired.migration_name.str());
    if (container["envFrom"].empty()) {
        container.erase("envFrom");
    }
    set_variable(container, "DJANGODB_EXPECT_DATABASE", desired.names.database.str());
    set_variable(container, "DJANGODB_EXPECT_USER", desired.names.owner.str());
    set_variable(container, "DJANGODB_REQUIRE_TLS", access.address.is_socket() ? "0" : "1");
    set_variable(
        container,
        "DJANGODB_LOCK_TIMEOUT",
        std::to_string(spec.migrations.lock_timeout.count() * 1000)
    );
    set_variable(container, "DJANGODB_TERMINATION_LOG", kTerminationLog);
    set_variable(container, "PGCONNECT_TIMEOUT", "10");
    set_variable(container, "PYTHONUNBUFFERED", "1");
    set_variable(container, "PYTHONDONTWRITEBYTECODE", "1");
    if (!spec.app.manage.empty()) {
        set_variable(container, "DJANGODB_MANAGE", json(spec.app.manage).dump());
    }
    if (!spec.app.settings_module.empty()) {
        set_variable(container, "DJANGO_SETTINGS_MODULE", spec.app.settings_module);
    }
    return container;
}

json render_pod(const Desired& desired, const StartMigration& start, const ServerAccess& access) {
    auto pod = json::parse(start.source.pod_template).at("spec");
    const auto container = render_container(desired, pod, access);
    pod.erase("initContainers");
    pod["containers"] = json::array({container});
    pod["restartPolicy"] = "Never";
    swap_in_volumes(pod, desired.secret_name.str(), desired.migration_name.str());
    pod["volumes"].push_back(
        {{"name", kProgramVolume}, {"configMap", {{"name", desired.migration_name.str()}}}}
    );
    return pod;
}

}  // namespace

std::string migration_job_name(const Desired& desired, const Revision& revision, int attempt) {
    const auto& name = desired.object.meta.key.name.str();
    // 63 bytes is the limit of the label job-name; a resource's name has at most 52 and may hold dots,
    // behind which no "-" may stand.
    auto start = name.substr(0, 36);
    start.erase(start.find_last_not_of("-.") + 1);
    return start + "-migrate-" + revision.str() + "-" + std::to_string(attempt);
}

json render_migration_job(
    const Desired& desired, const StartMigration& start, const ServerAccess& access
) {
    auto metadata =
        render_metadata(desired, migration_job_name(desired, start.revision, start.attempt));
    metadata["labels"][std::string(api::kRevisionLabel)] = start.revision.str();
    metadata["annotations"] = {
        {std::string(api::kImageAnnotation), start.image.str()},
        {std::string(api::kAttemptAnnotation), std::to_string(start.attempt)}};
    return {
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", metadata},
        {"spec",
         {{"backoffLimit", 0},
          {"completions", 1},
          {"parallelism", 1},
          {"podReplacementPolicy", "Failed"},
          {"activeDeadlineSeconds", desired.object.spec.migrations.deadline.count()},
          {"template",
           {{"metadata", {{"labels", metadata.at("labels")}}},
            {"spec", render_pod(desired, start, access)}}}}}};
}

json render_migration_program(const Desired& desired) {
    auto files = json::object();
    for (const auto& file : migration_program()) {
        files[file.name] = file.text;
    }
    return {
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", render_metadata(desired, desired.migration_name.str())},
        {"data", files}};
}

}  // namespace djdb
