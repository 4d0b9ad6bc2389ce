// How a release goes, as its record says it. Pure.
//
// of the record                        | the release lane           | outcome
// -------------------------------------|----------------------------|------------
// it succeeded or was superseded       | any                        | stays
// else                                 | satisfied                  | Succeeded
//                                      | stopped, a person is asked | Stalled
//                                      | stopped otherwise          | InProgress
//
// step       | of                                                   | begins          | ends
// -----------|------------------------------------------------------|-----------------|-----------------------------
// Preflight  | a probe Job in an environment of the release         | it was created  | its program ended
// Migration  | a migration Job that proves one                      | it was created  | its program ended
// Rollout    | a Deployment that was held or seen to roll out       | seen unheld     | seen to be rolled out
//
// A step stays when its Job is gone.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/job.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/records/job_log.hpp"
#include "reconcilers/status/conditions.hpp"
#include "reconcilers/workflow.hpp"

#include <map>
#include <string>
#include <vector>

namespace djdb {

/// What was read of the Jobs' logs in this run, by their names.
using JobLogs = std::map<std::string, JobLog>;

/// Those that belong to this release and have ended, and of which the record has neither answer nor log yet.
std::vector<const JobRun*> jobs_to_read(const DjangoRelease&, const Desired&, const Observed&);

/// The Deployments that have rolled out, whose ReplicaSets the record does not name yet.
std::vector<const Workload*>
rollouts_to_name(const DjangoRelease&, const Desired&, const Observed&);

/// @param rolled read when there are rollouts to name, else empty
DjangoReleaseStatus derive_progress(
    const DjangoRelease&,
    const Desired&,
    const Observed&,
    const Assessment&,
    const std::vector<LaneStop>&,
    const JobLogs&,
    const std::vector<RolledTemplate>& rolled
);

/// Another release has taken its place.
DjangoReleaseStatus superseded(const DjangoRelease&, const std::string& by, TimePoint now);

}  // namespace djdb
