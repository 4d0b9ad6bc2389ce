// What everything that is made for a resource carries. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/job.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace djdb {

/// Name, labels, owner reference.
nlohmann::json render_metadata(const Desired& desired, const std::string& name);

/// The same with what the Job is made for, as JobRun reads it back; it stands on the Job, since nothing else remembers it.
nlohmann::json render_job_metadata(
    const Desired& desired, const std::string& name, JobKind kind, const AppJob& job
);

}  // namespace djdb
