#include "reconcilers/jobs/job.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace djdb {
namespace {

constexpr std::array kKinds{
    std::pair{JobKind::Migrate, std::string_view{"migrate"}},
    std::pair{JobKind::Probe, std::string_view{"probe"}},
    std::pair{JobKind::Backup, std::string_view{"backup"}},
    std::pair{JobKind::Verify, std::string_view{"verify"}},
};

}  // namespace

std::string_view to_string(JobKind kind) {
    return std::ranges::find(kKinds, kind, &decltype(kKinds)::value_type::first)->second;
}

std::optional<JobKind> parse_job_kind(std::string_view label) {
    if (label.empty()) {
        return JobKind::Migrate;
    }
    const auto* const row = std::ranges::find(kKinds, label, &decltype(kKinds)::value_type::second);
    return row == kKinds.end() ? std::nullopt : std::optional(row->first);
}

const JobPod* find_lost_pod(const JobRun& job, TimePoint now) {
    const auto lost = std::ranges::find_if(job.pods, [&](const JobPod& pod) {
        return pod.grace_ends && !pod.end && !pod.is_over && now >= *pod.grace_ends + kEndsWithin;
    });
    return lost == job.pods.end() ? nullptr : &*lost;
}

const ResourceUid& told_by_events_of(const JobRun& job) {
    return job.pods.empty() ? job.uid : job.pods.back().uid;
}

bool is_late_to_start(const JobRun& job, TimePoint now) {
    return job.state == JobState::Running && !job.being_deleted && job.failure_reason.empty() &&
           std::ranges::none_of(job.pods, &JobPod::has_started) &&
           now - job.created >= kStartsWithin;
}

}  // namespace djdb
