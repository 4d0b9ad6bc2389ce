// The Pod of a Job: the app's own, cloned from its Pod template, with a program of ours in its container. The one
// place that says what is kept and what is dropped. Pure.
//   kept:     image, service account, security context, environment, volumes, resources, node rules, native sidecars
//             that do not read the app's Secret, and the init containers of spec.app.keepContainers
//   dropped:  other containers, probes, ports, lifecycle, args, restart policies, and the rules by which the app's Pods
//             keep away from one another: beside those that run, this one would find no node
//   replaced: command, termination message, and the app's Secret by another login's wherever it is referred to
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/ports/pod_template.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <utility>
#include <vector>

namespace djdb {

inline constexpr auto kTerminationLog = "/dev/termination-log";

/// Where the programs of job_programs() are.
inline constexpr auto kProgramVolume = "djangodb-migrate";
inline constexpr auto kProgramDirectory = "/djangodb";

struct AppProgram {
    /// The container of the template that runs the app.
    std::string container;
    /// A ConfigMap with the program's files, mounted beside the app's code.
    ObjectName files;
    /// The one of them that is run.
    std::string file;
    /// Its Secret takes the place of the app's.
    ObjectName login;
    /// Set whatever the template says.
    std::vector<std::pair<std::string, std::string>> environment;
    /// In the place of the template's; all empty: those stay.
    ResourcesSpec resources = {};
    /// Beside the template's.
    std::vector<MigrationVolume> volumes = {};
};

/// Of a Pod's `spec` the container of that name, else the first.
nlohmann::json find_container(const nlohmann::json& pod, const std::string& name);

/// Takes the rules out of a Pod's `spec` that are about the app's Pods and their places, and would bind this one too.
void free_from_other_pods(nlohmann::json& pod);

/// @return the `spec` of a Pod
nlohmann::json render_app_pod(
    const Desired& desired, const PodTemplate& pod_template, const AppProgram& program
);

}  // namespace djdb
