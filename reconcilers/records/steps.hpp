// The steps of a release, as its record has them. Pure.
//
// step       | of                                              | begins          | ends
// -----------|-------------------------------------------------|-----------------|-----------------------------
// Preflight  | a probe Job in an environment of the release    | it was created  | its program ended
// Migration  | a migration Job that proves one                 | it was created  | its program ended
// Rollout    | a Deployment that was held or seen to roll out; | seen unheld     | seen to be rolled out
//            |   Pending while it is held                      |                 |
//
// A Job that another record has as a step is not of this one. What a step's end said stays, whatever becomes of its Job:
// another Job of its name begins it anew.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/job.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/records/job_log.hpp"

#include <map>
#include <string>
#include <vector>

namespace djdb {

/// What was read in this run for the steps.
struct StepSources {
    /// Of Jobs, by their names.
    std::map<std::string, JobLog> logs;
    /// When there are rollouts to name, else empty.
    std::vector<RolledTemplate> rolled;
    /// That must not be in a record.
    std::vector<Sensitive> secrets;
};

/// Those of this release, while it is not over, or of its open steps, that have ended and of which it does not tell yet.
std::vector<const JobRun*>
jobs_to_read(const DjangoRelease&, const std::vector<DjangoRelease>& others, const Desired&, const Observed&);

/// It has rolled out a Deployment and does not name its ReplicaSet yet.
bool has_rollouts_to_name(const DjangoRelease&, const Desired&, const Observed&);

/// A Job of it had not ended when it was last written.
bool has_open_jobs(const DjangoReleaseStatus&);

/// Of one whose Jobs and workloads were seen in this run.
void update_steps(DjangoReleaseStatus&, const DjangoRelease&, const std::vector<DjangoRelease>& others, const Desired&, const Observed&, const StepSources&);

}  // namespace djdb
