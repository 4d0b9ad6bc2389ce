#include "reconcilers/stages/release/job_start.hpp"

#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/stages/release/lost_pod.hpp"

#include <algorithm>
#include <variant>

namespace djdb {
namespace {

/// Between two looks at what keeps a Pod from starting: no watch tells of Events.
constexpr std::chrono::seconds kObstacleEvery{20};

}  // namespace

std::string why_not_started(const JobRun& job, TimePoint now) {
    const auto end = read_end(job);
    if (const auto* stuck = std::get_if<Stuck>(&end)) {
        return stuck->why;
    }
    for (const auto& pod : job.pods) {
        if (pod.waiting && pod.waiting->reason == kInitContainerRunning &&
            is_late_to_start(job, now)) {
            return pod.waiting->message + " of its Pod has not ended";
        }
    }
    if (job.pods.empty() && is_late_to_start(job, now)) {
        return "no Pod was made for it (a quota or an admission rule?); kubectl describe job " +
               job.name + " says why";
    }
    return {};
}

std::optional<TimePoint> next_look(const JobRun& job, TimePoint now) {
    if (std::ranges::any_of(job.pods, &JobPod::has_started)) {
        return std::nullopt;
    }
    return is_late_to_start(job, now) ? now + kObstacleEvery : job.created + kStartsWithin;
}

Wait tell_underway(const JobRun& job, TimePoint now, const UnderwayWords& words, bool has_begun) {
    const auto name = "Job \"" + job.name + "\"";
    const auto lost_at = when_lost(job, now);
    if (job.being_deleted) {
        return Wait{
            {words.running, name + " is being removed; the next attempt follows."}, lost_at};
    }
    const auto look_again = earlier(next_look(job, now), lost_at);
    if (const auto why = why_not_started(job, now); !why.empty() && !has_begun) {
        const auto clause = words.which.empty() ? "" : ", which " + words.which + ",";
        return Wait{
            {words.stuck, name + clause + " can't start: " + why + "." + words.then}, look_again};
    }
    return Wait{{words.running, name + " " + words.does}, look_again};
}

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
    if (one && other) {
        return std::min(*one, *other);
    }
    return one ? one : other;
}

}  // namespace djdb
