// A resource and a world in which everything holds; tests change what they are about.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <string>
#include <vector>

namespace djdb {

/// DjangoDatabase apps/shop with its finalizer, on server "main".
Desired a_desired();

/// A Deployment in namespace apps whose only container "app" has this image; not paused, not yet rolled.
Workload a_workload(const std::string& name, const std::string& image);

/// Database, roles, Secret and gate as they should be; no Deployment.
Observed a_provisioned_world();

/// The same with web and worker on shop:v2, which has passed and rolled out.
Observed a_settled_world();
/// As a Job of this version lets it pass, on the database as it is.
void let_pass(const Desired&, Observed&, const std::string& image);

/// A migration Job whose Pod runs.
JobRun a_job_run();

/// A probe of this workload's template that said ok, on what it found.
JobRun a_passed_probe(const Desired&, const Observed&, const Workload&);

/// What the migration program leaves behind.
std::string an_answer(
    bool ok, const std::string& reason, const std::vector<std::string>& leaves = {}
);

/// Its container ended so, and the Job controller has seen it.
void end_job(JobRun& job, int exit_code, const std::string& answer, TimePoint finished = {});

/// Our container ended; one that admission put beside it does not, so the Job controller says Running.
void let_others_run(JobRun& job);

}  // namespace djdb
