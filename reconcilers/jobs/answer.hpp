// What the end of a Job means. The end is that of our own container: one that admission put beside it
// may run for ever. Pure.
//
// the Job controller says     | our container          | read as
// ----------------------------|------------------------|--------------------------------------------
// anything                    | ended with an answer   | Answered
// anything                    | ended without one      | NoAnswer
// Running, about to fail      | cut short              | Underway: the Job controller has the last word
// Failed(DeadlineExceeded)    | cut short, or not seen | DeadlineExceeded
// Running                     | not ended              | Stuck when its Pod can't start, else Underway
// Complete, Failed            | not ended, Pod is left | Underway: its end is not in our cache yet
// Complete, Failed            | no Pod is left         | AnswerLost
//
// Of several Pods all have to end, and the last one to do so speaks.
#pragma once

#include "reconcilers/jobs/job.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace djdb {

/// What a probe found that the image's pending migrations will do.
struct FoundPlan {
    /// It was judged; of an earlier version's probe it is not.
    bool is_known = false;
    /// Of the pending migrations; empty: nothing is pending.
    std::string digest;
    /// By which it is approved, on this database and at this time (stages/release/plan.hpp).
    std::string name;
    /// Nothing was ever migrated in its database.
    bool is_new = false;
    /// Names of the pending migrations; none: there was no room for them.
    std::optional<std::vector<std::string>> pending;
    /// Those that the database has and the image does not know, applied behind all that it knows of their app; and how
    /// many they are: there may be no room for all names.
    std::vector<std::string> ahead;
    std::size_t ahead_count = 0;
    /// Of all their names.
    std::string ahead_digest;
    /// Squashes that migrate will record and whose migrations are all applied: nothing is changed for them.
    std::vector<std::string> squashed;
    /// Sixteen hexadecimal digits of each pending migration; none: they are too many for an answer.
    std::optional<std::string> migrations;
    /// Those that lose data, and how many they are: there may be no room for all names.
    std::vector<std::string> destructive;
    std::size_t destructive_count = 0;
    /// Those behind which the release that runs may fail.
    std::vector<std::string> incompatible;
    std::size_t incompatible_count = 0;
};

/// A dump that a backup Job has read back and kept.
struct KeptDump {
    /// On its claim; empty: there is none.
    std::string file;
    std::int64_t bytes = 0;
    /// 64 hexadecimal digits.
    std::string sha256;
};

struct Underway {};
/// Its Pod does not start and will not by itself.
struct Stuck {
    std::string why;
};
/// Our program said how it went.
struct Answered {
    /// It ended with 0 and says so too.
    bool ok = false;
    int exit_code = 0;
    /// In the words of jobs/djangodb_exit_codes.py; the program is the tenant's, so anything may stand here.
    std::string reason;
    std::string message;
    std::vector<std::string> leaves;
    /// CRC-32 of each leaf's name, in place of `leaves` where those are too long for an answer.
    std::vector<std::uint32_t> leaf_hashes;
    std::vector<std::string> applied;
    /// A sentence each: what is no reason to hold the release.
    std::vector<std::string> warnings;
    /// It names its leaves, and there are none: the app has no migrations.
    bool has_no_migrations = false;
    /// Where and as whom the app's own connection was.
    std::string database;
    std::string user;
    /// The schema in which that connection finds django_migrations. Empty: of an earlier version, or
    /// there is none.
    std::string recorded_in;
    FoundPlan plan;
    KeptDump dump;
    TimePoint finished{};
};
/// Killed or never started, or what it left can't be read.
struct NoAnswer {
    int exit_code = 0;
    /// The runtime's, such as OOMKilled; NoAnswer when it ended with 0.
    std::string reason;
    std::string message;
    TimePoint finished{};
};
/// Its Pod was removed or evicted before its answer was read.
struct AnswerLost {
    TimePoint finished{};
};
/// It was stopped after its activeDeadlineSeconds. A repetition would take as long again.
struct DeadlineExceeded {};

using JobEnd = std::variant<Underway, Stuck, Answered, NoAnswer, AnswerLost, DeadlineExceeded>;

JobEnd read_end(const JobRun& job);

/// The Pod whose container of ours ended last; nullptr: none has.
const JobPod* last_ended(const JobRun& job);

/// One of its Pods runs, ran, or may start at any moment. What an Event says is in the way counts as long as the Pod has
/// not started, though it may be gone by now: who removes such a Job stops at most what has just begun.
bool may_have_started(const JobRun& job);

/// Our container has ended: nothing of the Job that could change the database runs any more.
bool is_over(const JobEnd& end);
bool said_ok(const JobEnd& end);
/// It has ended, and the Job goes on to its deadline for another container. A Job whose end the Job
/// controller is only about to notice does not.
bool outlives_its_part(const JobRun& job);
/// The same of one that its deadline stops then, with the Pod that has its answer.
bool would_lose_its_answer(const JobRun& job);
/// Why it did not go well, for people; empty while it is underway and when it said ok.
Explanation explain(const JobEnd& end);
/// The program is the tenant's: its word is shown only if it belongs in this condition.
Reason reason_shown_for(const std::string& word, ConditionType condition, Reason otherwise);

}  // namespace djdb
