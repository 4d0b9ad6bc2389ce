// The Job that migrates: the new Pod template's app container with the migration login, and nothing
// beside it. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>

namespace djdb {

/// Deterministic: the same template and attempt name the same Job, so a repeated create finds it.
std::string migration_job_name(const Desired& desired, const Revision& revision, int attempt);

/// With the Pod of app_pod.hpp, which logs in as the migration login.
nlohmann::json render_migration_job(
    const Desired& desired, const StartMigration& start, const ServerAccess& access
);

/// The program that the Job runs, migrate.py and what it imports, as a ConfigMap.
nlohmann::json render_migration_program(const Desired& desired);

struct ProgramFile {
    const char* name;
    const char* text;
};

/// jobs/*.py as compiled in; the build makes its definition from the files.
std::span<const ProgramFile> migration_program();

}  // namespace djdb
