#include "reconcilers/manifests/app_pod.hpp"

#include <nlohmann/json.hpp>

namespace djdb {
namespace {

using nlohmann::json;

constexpr auto kProgramVolume = "djangodb-migrate";
constexpr auto kProgramDirectory = "/djangodb";

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
          "restartPolicy"}) {
        container.erase(field);
    }
    container["command"] =
        json::array({"python3", std::string(kProgramDirectory) + "/" + program.file});
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
    return container;
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
    const Desired& desired, const std::string& pod_template, const AppProgram& program
) {
    auto pod = json::parse(pod_template).at("spec");
    const auto container = render_container(desired, pod, program);
    pod.erase("initContainers");
    pod["containers"] = json::array({container});
    pod["restartPolicy"] = "Never";
    swap_in_volumes(pod, desired.secret_name.str(), program.login.str());
    pod["volumes"].push_back(
        {{"name", kProgramVolume}, {"configMap", {{"name", program.files.str()}}}}
    );
    return pod;
}

}  // namespace djdb
