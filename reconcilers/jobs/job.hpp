// A Job that the operator made, as the cluster shows it: facts, no verdicts. What its end means is said
// by answer.hpp.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/names.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace djdb {

/// What a Job does: the value of its label djangodb.io/job-kind.
enum class JobKind {
    Migrate,
    Probe,   ///< tries a Pod template out; it changes nothing in the database
    Backup,  ///< dumps the database, reads the dump back and keeps it
    Verify,  ///< proves that what rolled out works; what it writes is rolled back
};

std::string_view to_string(JobKind kind);
/// Without a value: Migrate, as an earlier version made no others and gave no label. None for the kind
/// of a later version, whose Jobs are left alone.
std::optional<JobKind> parse_job_kind(std::string_view label);

/// What the Job controller says. It waits for every container of the Pod, so it may say Running for long
/// after ours ended.
enum class JobState { Running, Complete, Failed };

/// Reason and message as Kubernetes gives them.
struct Explanation {
    std::string reason;
    std::string message;
};

/// An init container that spec.app.keepContainers names, one that admission put there, or one of a backup.
inline constexpr auto kInitContainerFailed = "InitContainerFailed";

/// Init containers of a backup's Pod: ours, so that their words may be shown.
inline constexpr auto kClearContainer = "djangodb-clear";
inline constexpr auto kDumpContainer = "djangodb-dump";
inline constexpr auto kReadBackContainer = "djangodb-read-back";

/// What a Pod waits for, where it is an init container that runs.
inline constexpr auto kInitContainerRunning = "InitContainerRunning";

/// How our container ended. Those that admission put beside it have no say.
struct ContainerEnd {
    int exit_code = 0;
    /// The runtime's: Completed, Error, OOMKilled, StartError. kInitContainerFailed: ours never started.
    std::string reason;
    /// The termination message as it stands: our program's answer, or the runtime's words.
    std::string answer_text;
    TimePoint finished{};
};

struct JobPod {
    ResourceUid uid;
    std::string name;
    /// Empty until one takes it.
    std::string node;
    /// While it is being deleted: when its grace is over.
    std::optional<TimePoint> grace_ends;
    /// Our container runs or has ended.
    bool has_started = false;
    /// Its phase is Succeeded or Failed.
    bool is_over = false;
    /// What our container waits for before it starts.
    std::optional<Explanation> waiting;
    /// Why no node takes it.
    std::optional<Explanation> unscheduled;
    std::optional<ContainerEnd> end;
    /// A container that admission put beside ours has not ended. The Job controller waits for it.
    bool others_run = false;
};

struct JobRun {
    JobKind kind = JobKind::Migrate;
    std::string name;
    ResourceUid uid;
    Revision revision;
    ImageRef image;
    /// Which try of its revision, from 1.
    int attempt = 1;
    /// What its app ran with, as proof_name() names it; empty: of a version that let images pass.
    std::string proves;
    JobState state = JobState::Running;
    /// Why it failed, or will as soon as its Pods have been stopped: DeadlineExceeded, BackoffLimitExceeded.
    std::string failure_reason;
    TimePoint created{};
    /// Of the Job: when it was Complete or Failed.
    TimePoint finished{};
    bool being_deleted = false;
    /// spec.activeDeadlineSeconds is set.
    bool has_deadline = false;
    /// It goes some time after its end.
    bool expires = false;
    /// One, as a rule; more when the Job controller made one anew.
    std::vector<JobPod> pods;
    /// What keeps its Pod from being made, or our container from starting: a quota, an admission rule, a volume.
    /// Only Events tell that, so it is asked for when is_late_to_start().
    std::optional<Explanation> obstacle;
};

/// A Pod is made within a second or two; its volumes and its network take a few more.
inline constexpr std::chrono::seconds kStartsWithin{10};

/// A kubelet needs a moment to say that a Pod has ended.
inline constexpr std::chrono::seconds kEndsWithin{30};

/// The Pod whose grace is over for kEndsWithin and of whose end nobody has heard: its node does not answer. nullptr:
/// there is none.
const JobPod* find_lost_pod(const JobRun& job, TimePoint now);

/// What the Events about its start are about: its Pod, or the Job itself while it has none.
const ResourceUid& told_by_events_of(const JobRun& job);

/// It is underway, and our container has not started kStartsWithin after the Job was made.
bool is_late_to_start(const JobRun& job, TimePoint now);

}  // namespace djdb
