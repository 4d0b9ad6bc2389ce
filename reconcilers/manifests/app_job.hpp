// A Job that runs a program of ours in the app's own Pod template, whichever program it is. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

/// Deterministic: the same template and attempt name the same Job, so a repeated create finds it.
std::string app_job_name(
    const Desired& desired, JobKind kind, const Revision& revision, int attempt
);

/// As whom the app acts: its logins become another role on connect.
const RoleName& acting_role(const Desired& desired);

/// What all programs are told, as jobs/README.md has it.
/// @param user what current_user has to be
std::vector<std::pair<std::string, std::string>> app_job_environment(
    const Desired& desired, const ServerAccess& access, const RoleName& user
);

struct AppJobProgram {
    JobKind kind = JobKind::Migrate;
    /// One of job_programs().
    std::string file;
    /// Its Secret takes the place of the app's.
    ObjectName login;
    std::vector<std::pair<std::string, std::string>> environment;
    /// With the time that its image takes to be pulled.
    std::chrono::seconds deadline{};
    /// Of its Pod, beside those of the template.
    std::map<std::string, std::string> annotations = {};
    /// As AppProgram has them.
    ResourcesSpec resources = {};
    std::vector<MigrationVolume> volumes = {};
};

/// The usual marks against being moved, for a Pod whose work would be lost.
std::map<std::string, std::string> marks_against_eviction();

struct JobPodManifest {
    JobKind kind = JobKind::Migrate;
    /// The `spec` of the Pod.
    nlohmann::json spec;
    /// Beside those of the template.
    std::map<std::string, std::string> annotations = {};
    std::chrono::seconds deadline{};
};

/// A Job of one try, with the template's annotations, and the labels that it is to keep. Nobody ever says that its Pod is
/// ready: a Service that selects it by one of these sends it no requests.
nlohmann::json render_job_around(const Desired& desired, const AppJob& job, JobPodManifest pod);

/// With the Pod of app_pod.hpp.
nlohmann::json render_app_job(
    const Desired& desired, const AppJob& job, const AppJobProgram& program
);

}  // namespace djdb
