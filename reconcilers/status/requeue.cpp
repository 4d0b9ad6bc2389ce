#include "reconcilers/status/requeue.hpp"

#include "reconcilers/crc32.hpp"
#include "reconcilers/status/failure_reason.hpp"

#include <algorithm>

namespace djdb {
namespace {

using namespace std::chrono_literals;

constexpr auto kBlockedInterval = 15s;
/// A safety net below the watches.
constexpr auto kWaitingInterval = 15s;
constexpr std::chrono::seconds kSettledInterval = 6min;
constexpr std::chrono::seconds kSettledSpread = 3min;
constexpr std::chrono::seconds kSettledMean = kSettledInterval + kSettledSpread / 2;
constexpr double kMostRunsASecond = 4;

std::chrono::milliseconds until(TimePoint then, TimePoint now) {
    return std::max<std::chrono::milliseconds>(1000ms, then - now);
}

/// None: this lane asks for nothing.
std::optional<std::chrono::milliseconds> wait_of(const LaneAssessment& lane, TimePoint now) {
    const auto* stop = lane.stopped_at();
    const bool acts =
        stop == nullptr ? !lane.steps().empty() : std::holds_alternative<Act>(stop->verdict);
    if (acts) {
        return lane.lane->mode == Mode::Observe ? std::nullopt : std::optional{0ms};
    }
    if (stop == nullptr) {
        return std::nullopt;
    }
    if (const auto* wait = std::get_if<Wait>(&stop->verdict)) {
        return wait->until ? until(*wait->until, now) : kWaitingInterval;
    }
    return kBlockedInterval;
}

/// As wait_of, of a lane whose last step failed in another way than with backoff.
std::chrono::milliseconds wait_after(const StepOutcome& failed, TimePoint now) {
    return failed.not_before ? until(*failed.not_before, now) : 0ms;
}

/// Whoever waits for a server waits longer each time: it is asked again by all who need it.
bool waits_for_server(const LaneAssessment& lane, const Observed& observed) {
    const auto* stop = lane.stopped_at();
    return observed.server_failure && stop != nullptr &&
           std::holds_alternative<Wait>(stop->verdict);
}

bool takes_backoff(const StepOutcome* failed) {
    return failed != nullptr && failed->failure && !failed->not_before &&
           !is_overtaken(*failed->failure);
}

/// What one lane asks for; neither: nothing.
struct Wish {
    std::optional<std::chrono::milliseconds> wait;
    bool with_backoff = false;
};

Wish wish_of(const LaneAssessment& lane, const Observed& observed, const StepOutcome* failed) {
    if (takes_backoff(failed)) {
        return {.with_backoff = true};
    }
    Wish wish{
        failed != nullptr ? wait_after(*failed, observed.now) : wait_of(lane, observed.now),
        waits_for_server(lane, observed)};
    if (wish.with_backoff && !std::get<Wait>(lane.stopped_at()->verdict).until) {
        wish.wait.reset();
    }
    return wish;
}

}  // namespace

std::chrono::seconds settled_interval(const ResourceUid& uid, std::size_t settled) {
    const std::chrono::seconds share{crc32(uid.str()) % kSettledSpread.count()};
    const auto stretch = std::max(
        1.0,
        static_cast<double>(settled) / kMostRunsASecond / static_cast<double>(kSettledMean.count())
    );
    return std::chrono::duration_cast<std::chrono::seconds>((kSettledInterval + share) * stretch);
}

bool is_settled(const Assessment& assessment) {
    return std::ranges::all_of(assessment.lanes, [](const LaneAssessment& lane) {
        const auto* stop = lane.stopped_at();
        if (lane.lane->mode == Mode::Observe) {
            return stop == nullptr || std::holds_alternative<Act>(stop->verdict);
        }
        return stop == nullptr && lane.steps().empty();
    });
}

Requeue next_run(
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const Outcomes& outcomes,
    std::size_t settled
) {
    std::optional<std::chrono::milliseconds> earliest;
    bool with_backoff = false;
    for (const auto& lane : assessment.lanes) {
        const auto wish = wish_of(lane, observed, failure_in(outcomes, lane.lane->id));
        with_backoff = with_backoff || wish.with_backoff;
        if (wish.wait && (!earliest || *wish.wait < *earliest)) {
            earliest = wish.wait;
        }
    }
    if (with_backoff) {
        return RetryWithBackoff{earliest};
    }
    return RetryAfter{earliest.value_or(settled_interval(desired.object.meta.uid, settled))};
}

}  // namespace djdb
