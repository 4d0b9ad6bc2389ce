// What everything that is made for a resource carries. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/job.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace djdb {

/// Name, labels, owner reference.
nlohmann::json render_metadata(const Desired& desired, const std::string& name);

/// What a Job is made for; it stands on the Job, since nothing else remembers it.
struct JobPurpose {
    JobKind kind = JobKind::Migrate;
    Revision revision;
    ImageRef image;
    int attempt = 1;
    std::string proves;
};

/// The same with what the Job is made for, as JobRun reads it back.
nlohmann::json render_job_metadata(
    const Desired& desired, const std::string& name, const JobPurpose& purpose
);

}  // namespace djdb
