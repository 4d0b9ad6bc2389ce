// Whether the Pod of a Job that is underway starts, and when to look again: nothing wakes us if it never does. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"

#include <optional>
#include <string>

namespace djdb {

/// Why it does nothing; empty when its Pod runs, or may yet be made.
std::string why_not_started(const JobRun& job, TimePoint now);

/// None: it has started.
std::optional<TimePoint> next_look(const JobRun& job, TimePoint now);

/// Of two times that may be none.
std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other);

}  // namespace djdb
