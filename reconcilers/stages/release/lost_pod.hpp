// A Job's Pod that is to end and whose node does not say that it did. The Job controller waits for it without end, and
// so does the release, since it may migrate still; a person is told. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"
#include "reconcilers/verdict.hpp"

#include <optional>

namespace djdb {

std::optional<Blocked> judge_lost_pod(const JobRun& job, TimePoint now);

/// From when on one of its Pods counts as lost, if it is to end and does not yet count: no watch tells of that.
std::optional<TimePoint> when_lost(const JobRun& job, TimePoint now);

}  // namespace djdb
