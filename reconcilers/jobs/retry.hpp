// Which ends of a Job are tried again, after what pause and how often; every other end needs a person, and so
// does what is tried again without end. Pure.
#pragma once

#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/jobs/exit_code.hpp"

#include <chrono>
#include <optional>
#include <span>

namespace djdb {

struct RetryRule {
    ExitCode code;
    /// None: for as long as it takes.
    std::optional<int> most_attempts;
};

struct RetryPolicy {
    std::span<const RetryRule> rules;
    /// Doubled with each attempt up to the longest.
    std::chrono::seconds first_pause;
    std::chrono::seconds longest_pause;
    /// From this attempt on a person is told, and waited for: half an hour has passed by then.
    int first_rare_attempt;
    std::chrono::seconds rare_pause;
};

const RetryPolicy& retry_policy(JobKind kind);

/// When the next attempt may start; none when this end is not tried again, or not any more.
/// @param attempt the one that ended so
std::optional<TimePoint> next_attempt(const RetryPolicy& policy, const JobEnd& end, int attempt);

/// What it waits for will not come by itself, by all experience.
bool is_rare(const RetryPolicy& policy, int attempt);

}  // namespace djdb
