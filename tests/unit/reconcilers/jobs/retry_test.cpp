// Which ends of a migration Job are tried again, when, and how often.
#include "reconcilers/jobs/retry.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

using std::chrono::seconds;

constexpr TimePoint kEnd{seconds{1000}};

std::optional<TimePoint> again(const JobEnd& end, int attempt = 1) {
    return next_attempt(retry_policy(JobKind::Migrate), end, attempt);
}

JobEnd answered(ExitCode code) {
    return Answered{.exit_code = static_cast<int>(code), .finished = kEnd};
}

JobEnd silent(int exit_code) {
    return NoAnswer{.exit_code = exit_code, .finished = kEnd};
}

TEST(Retry, PausesLongerEachTime) {
    int attempt = 0;
    int all = 0;
    for (const int pause : {5, 10, 20, 40, 80, 160, 300, 300, 300, 300}) {
        EXPECT_EQ(again(answered(ExitCode::Unreachable), ++attempt), kEnd + seconds{pause});
        EXPECT_FALSE(is_rare(retry_policy(JobKind::Migrate), attempt));
        all += pause;
    }
    EXPECT_GE(all, 25 * 60) << "half an hour, with the time that the attempts themselves take";
    EXPECT_TRUE(is_rare(retry_policy(JobKind::Migrate), ++attempt));
    for (const int later : {attempt, 1'000'000}) {
        EXPECT_EQ(again(answered(ExitCode::Unreachable), later), kEnd + seconds{3600});
    }
}

TEST(Retry, CostsTheAppNothingForAsLongAsItTakes) {
    for (const auto& end :
         {answered(ExitCode::Unreachable),
          answered(ExitCode::Interrupted),
          silent(75),
          silent(86),
          JobEnd{AnswerLost{kEnd}}}) {
        EXPECT_TRUE(again(end, 1));
        EXPECT_TRUE(again(end, 500));
    }
}

TEST(Retry, FiveTimesAtMostWhereItMakesTheAppWaitOrComesAgain) {
    for (const auto& end :
         {answered(ExitCode::LockTimeout), silent(85), silent(137), silent(143)}) {
        EXPECT_TRUE(again(end, 4));
        EXPECT_FALSE(again(end, 5));
    }
}

// A DBA's short rename, and a failover: nobody has to delete the Job once the database is there again.
TEST(Retry, FiveTimesAtMostWhatWasNotThereAndIsByNow) {
    for (const auto& end :
         {answered(ExitCode::DatabaseMissing), answered(ExitCode::ReadOnlyServer), silent(77)}) {
        EXPECT_TRUE(again(end, 4));
        EXPECT_FALSE(again(end, 5));
    }
}

TEST(Retry, ABackupWhateverKeepsItFromItsDumpAndOnceAnHourFromTheFourthTimeOn) {
    const auto& policy = retry_policy(JobKind::Backup);
    for (const auto& end :
         {answered(ExitCode::BackupFailed),
          silent(75),
          silent(86),
          silent(137),
          silent(143),
          JobEnd{AnswerLost{kEnd}}}) {
        EXPECT_EQ(next_attempt(policy, end, 1), kEnd + seconds{30});
        EXPECT_EQ(next_attempt(policy, end, 3), kEnd + seconds{120});
        EXPECT_EQ(next_attempt(policy, end, 4), kEnd + seconds{3600});
    }
    EXPECT_FALSE(is_rare(policy, 3));
    EXPECT_TRUE(is_rare(policy, 4));
    EXPECT_FALSE(next_attempt(policy, JobEnd{DeadlineExceeded{}}, 1));
}

TEST(Retry, NothingElse) {
    for (const auto& row : exit_table()) {
        const auto code = row.code;
        const bool retried = code == ExitCode::Unreachable || code == ExitCode::Interrupted ||
                             code == ExitCode::LockTimeout || code == ExitCode::DatabaseMissing ||
                             code == ExitCode::ReadOnlyServer;
        EXPECT_EQ(again(answered(code)).has_value(), retried) << to_string(row.reason);
    }
    for (const auto& end :
         {JobEnd{Underway{}},
          JobEnd{Stuck{"x"}},
          JobEnd{DeadlineExceeded{}},
          JobEnd{Answered{.ok = true}},
          silent(0),
          silent(1),
          silent(128)}) {
        EXPECT_FALSE(again(end));
    }
}

}  // namespace
}  // namespace djdb
