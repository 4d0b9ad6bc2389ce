// What becomes of a Job that has done its part, or that nobody waits for. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"
#include "reconcilers/verdict.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace djdb {

/// Those of this kind that nobody waits for: what is not over, or runs on for a container beside ours, is removed; the
/// others expire.
std::vector<Step> let_go(
    const std::vector<JobRun>& jobs,
    JobKind kind,
    const std::function<bool(const JobRun&)>& is_waited_for
);

/// Of this kind and name, before the next attempt; the last one that ended stays, for its log.
/// @param last nullptr: there is none
std::vector<Step> remove_others(
    const std::vector<JobRun>& jobs, JobKind kind, const std::string& proves, const JobRun* last
);

/// Our container has ended, and the Job goes on to its deadline for one beside it: its answer would be lost with the Pod.
/// Nothing: it would not be.
std::optional<Act> keep_answer(const JobRun& job, Finding finding);

/// The same behind a verdict on that answer, whose finding is told meanwhile. One that acts has no use for it any more.
Verdict with_answer_kept(const JobRun& job, Verdict verdict);

}  // namespace djdb
