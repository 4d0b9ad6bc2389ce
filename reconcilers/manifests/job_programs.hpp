// What runs in a Job: migrate.py, probe.py and what they import, in one ConfigMap. Pure.
#pragma once

#include "reconcilers/desired.hpp"

#include <nlohmann/json_fwd.hpp>

#include <span>

namespace djdb {

/// The ConfigMap, named desired.migration_name.
nlohmann::json render_job_programs(const Desired& desired);

struct ProgramFile {
    const char* name;
    const char* text;
};

/// jobs/*.py as compiled in; the build makes its definition from the files.
std::span<const ProgramFile> job_programs();

}  // namespace djdb
