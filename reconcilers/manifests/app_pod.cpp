#include "reconcilers/manifests/app_pod.hpp"

#include "reconcilers/app_template.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace djdb {
namespace {

using nlohmann::json;

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

json render_container(const Desired& desired, const json& pod, const AppProgram& program) {
    auto container = find_container(pod, program.container);
    for (const auto* field :
         {"livenessProbe",
          "readinessProbe",
          "startupProbe",
          "ports",
          "lifecycle",
          "args",
          "resizePolicy",
          "restartPolicy",
          "restartPolicyRules"}) {
        container.erase(field);
    }
    auto command = json(desired.object.spec.app.entrypoint);
    command.push_back("python3");
    command.push_back(std::string(kProgramDirectory) + "/" + program.file);
    container["command"] = std::move(command);
    container["terminationMessagePath"] = kTerminationLog;
    container["terminationMessagePolicy"] = "File";
    container["volumeMounts"].push_back(
        {{"name", kProgramVolume}, {"mountPath", kProgramDirectory}, {"readOnly", true}}
    );
    swap_in_environment(container, desired.secret_name.str(), program.login.str());
    if (container["envFrom"].empty()) {
        container.erase("envFrom");
    }
    for (const auto& [name, value] : program.environment) {
        set_variable(container, name, value);
    }
    if (program.resources != ResourcesSpec{}) {
        container["resources"] = {
            {"requests", program.resources.requests}, {"limits", program.resources.limits}};
    }
    return container;
}

/// A proxy goes along. What runs beside the app with the app's own login is the app's code: it begins with the release.
bool goes_along(const Desired& desired, const json& container, const PodTemplate& pod_template) {
    const auto name = container.value("name", "");
    const auto& wanted = desired.object.spec.app.keep_containers;
    if (std::ranges::find(wanted, name) != wanted.end()) {
        return true;
    }
    const auto* started = pod_template.find_init(name);
    return container.value("restartPolicy", "") == "Always" && started != nullptr &&
           !reads_own_secret(*started, desired);
}

/// @param pod of the template
json kept_init_containers(
    const Desired& desired,
    const json& pod,
    const PodTemplate& pod_template,
    const AppProgram& program
) {
    auto kept = json::array();
    for (auto container : pod.value("initContainers", json::array())) {
        if (!goes_along(desired, container, pod_template)) {
            continue;
        }
        swap_in_environment(container, desired.secret_name.str(), program.login.str());
        // Its log is nobody's to read in a status, and the port of the node is the app's Pod's.
        container["terminationMessagePolicy"] = "File";
        for (auto& port : container["ports"]) {
            port.erase("hostPort");
        }
        kept.push_back(std::move(container));
    }
    return kept;
}

}  // namespace

void free_from_other_pods(json& pod) {
    pod.erase("topologySpreadConstraints");
    if (pod.contains("affinity")) {
        pod["affinity"].erase("podAffinity");
        pod["affinity"].erase("podAntiAffinity");
    }
}

namespace {

template <class Predicate>
void keep_where(json& list, Predicate is_kept) {
    auto kept = json::array();
    for (auto& one : list) {
        if (is_kept(one)) {
            kept.push_back(std::move(one));
        }
    }
    list = std::move(kept);
}

void mount(json& pod, json& container, const MigrationVolume& wanted) {
    auto& volumes = pod["volumes"];
    auto& mounts = container["volumeMounts"];
    if (volumes.is_null()) {
        volumes = json::array();
    }
    keep_where(volumes, [&](const json& one) { return one.value("name", "") != wanted.name; });
    keep_where(mounts, [&](const json& one) {
        return one.value("name", "") != wanted.name &&
               one.value("mountPath", "") != wanted.mount_path;
    });
    json source;
    if (wanted.claim_name.empty()) {
        source["emptyDir"] =
            wanted.size_limit.empty() ? json::object() : json{{"sizeLimit", wanted.size_limit}};
    } else {
        source["persistentVolumeClaim"] = {{"claimName", wanted.claim_name}};
    }
    source["name"] = wanted.name;
    volumes.push_back(std::move(source));
    mounts.push_back({{"name", wanted.name}, {"mountPath", wanted.mount_path}});
}

}  // namespace

json find_container(const json& pod, const std::string& name) {
    for (const auto& container : pod.at("containers")) {
        if (container.at("name") == name) {
            return container;
        }
    }
    return pod.at("containers").at(0);
}

json render_app_pod(
    const Desired& desired, const PodTemplate& pod_template, const AppProgram& program
) {
    auto pod = json::parse(pod_template.text()).at("spec");
    auto container = render_container(desired, pod, program);
    pod["initContainers"] = kept_init_containers(desired, pod, pod_template, program);
    if (pod["initContainers"].empty()) {
        pod.erase("initContainers");
    }
    for (const auto& volume : program.volumes) {
        mount(pod, container, volume);
    }
    pod["containers"] = json::array({std::move(container)});
    free_from_other_pods(pod);
    if (program.resources != ResourcesSpec{}) {
        pod.erase("resources");  // of the whole Pod: the container's may be above them
    }
    swap_in_volumes(pod, desired.secret_name.str(), program.login.str());
    pod["volumes"].push_back(
        {{"name", kProgramVolume}, {"configMap", {{"name", program.files.str()}}}}
    );
    return pod;
}

}  // namespace djdb
