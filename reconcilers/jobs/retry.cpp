#include "reconcilers/jobs/retry.hpp"

#include <algorithm>
#include <array>

namespace djdb {
namespace {

/// Each attempt at a held lock makes the app wait for a moment, and a kill by the memory limit comes
/// again, so a person decides after these. After a kill the next run finds out what that cut, and
/// refuses where a repetition could do harm.
constexpr int kMostCostlyAttempts = 5;

/// The foundation is satisfied when a Job's end is judged, so the database is there and takes writes by
/// now: a Job met a rename or a failover, and the next one will not. Or the app's settings lead
/// elsewhere, and a person is to hear of it.
constexpr int kMostAttemptsAtWhatIsThere = 5;

/// A dump reads all of the database, and most that ends one needs a person. What keeps it from the server is not told
/// from what it may not read.
constexpr std::array kBackupRules{
    RetryRule{ExitCode::Unreachable, std::nullopt},
    RetryRule{ExitCode::Interrupted, std::nullopt},
    RetryRule{ExitCode::BackupFailed, std::nullopt},
    RetryRule{ExitCode::Killed, std::nullopt},
    RetryRule{ExitCode::Terminated, std::nullopt},
};

constexpr std::array kRules{
    RetryRule{ExitCode::Unreachable, std::nullopt},
    RetryRule{ExitCode::Interrupted, std::nullopt},
    RetryRule{ExitCode::DatabaseMissing, kMostAttemptsAtWhatIsThere},
    RetryRule{ExitCode::ReadOnlyServer, kMostAttemptsAtWhatIsThere},
    RetryRule{ExitCode::LockTimeout, kMostCostlyAttempts},
    RetryRule{ExitCode::Killed, kMostCostlyAttempts},
    RetryRule{ExitCode::Terminated, kMostCostlyAttempts},
};

/// How an end counts, and when it was; none for what is never tried again.
struct Failed {
    int exit_code;
    TimePoint at;
};

struct FailureOf {
    std::optional<Failed> operator()(const Answered& end) const {
        return end.ok ? std::nullopt : std::optional(Failed{end.exit_code, end.finished});
    }
    std::optional<Failed> operator()(const NoAnswer& end) const {
        return Failed{end.exit_code, end.finished};
    }
    /// As if the server had not been reached: the next run finds out what was done.
    std::optional<Failed> operator()(const AnswerLost& end) const {
        return Failed{static_cast<int>(ExitCode::Unreachable), end.finished};
    }
    std::optional<Failed> operator()(const Underway&) const { return std::nullopt; }
    std::optional<Failed> operator()(const Stuck&) const { return std::nullopt; }
    std::optional<Failed> operator()(const DeadlineExceeded&) const { return std::nullopt; }
};

std::chrono::seconds pause_after(const RetryPolicy& policy, int attempt) {
    if (is_rare(policy, attempt)) {
        return policy.rare_pause;
    }
    auto pause = policy.first_pause;
    for (int i = 1; i < attempt && pause < policy.longest_pause; ++i) {
        pause *= 2;
    }
    return std::min(pause, policy.longest_pause);
}

}  // namespace

const RetryPolicy& retry_policy(JobKind kind) {
    using std::chrono::seconds;
    static constexpr RetryPolicy kPolicy{kRules, seconds{5}, seconds{300}, 11, seconds{3600}};
    static constexpr RetryPolicy kOfBackups{
        kBackupRules, seconds{30}, seconds{300}, 4, seconds{3600}};
    switch (kind) {
        case JobKind::Backup:
            return kOfBackups;
        case JobKind::Migrate:
        // What ends a probe would have ended its migration, and is as costly to repeat.
        case JobKind::Probe:
        case JobKind::Verify:
            break;
    }
    return kPolicy;
}

bool is_rare(const RetryPolicy& policy, int attempt) {
    return attempt >= policy.first_rare_attempt;
}

std::optional<TimePoint> next_attempt(const RetryPolicy& policy, const JobEnd& end, int attempt) {
    const auto failed = std::visit(FailureOf{}, end);
    if (!failed) {
        return std::nullopt;
    }
    const auto rule = std::ranges::find(policy.rules, failed->exit_code, [](const RetryRule& row) {
        return static_cast<int>(row.code);
    });
    if (rule == policy.rules.end() || (rule->most_attempts && attempt >= *rule->most_attempts)) {
        return std::nullopt;
    }
    return failed->at + pause_after(policy, attempt);
}

}  // namespace djdb
