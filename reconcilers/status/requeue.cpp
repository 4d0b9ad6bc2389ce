#include "reconcilers/status/requeue.hpp"

#include "reconcilers/crc32.hpp"

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

}  // namespace

std::chrono::seconds settled_interval(const ResourceUid& uid, std::size_t settled) {
    const std::chrono::seconds share{crc32(uid.str()) % kSettledSpread.count()};
    const auto stretch = std::max(
        1.0,
        static_cast<double>(settled) / kMostRunsASecond / static_cast<double>(kSettledMean.count())
    );
    return std::chrono::duration_cast<std::chrono::seconds>((kSettledInterval + share) * stretch);
}

bool is_overtaken(const Report& report) {
    return report.failure && report.failure->origin == FailureOrigin::Kubernetes &&
           report.failure->code.starts_with("409");
}

bool is_settled(const Desired& desired, const Assessment& assessment) {
    const auto* stopped = assessment.stopped_at();
    return stopped == nullptr || (desired.object.spec.mode == Mode::Observe &&
                                  std::holds_alternative<Act>(stopped->verdict));
}

Requeue next_run(
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const Report& report,
    std::size_t settled
) {
    const auto until = [&](TimePoint then) {
        return RetryAfter{std::max(1000ms, std::chrono::milliseconds{then - observed.now})};
    };
    if (is_overtaken(report)) {
        return RetryAfter{0ms};
    }
    if (report.failure) {
        return report.not_before ? Requeue{until(*report.not_before)} : RetryWithBackoff{};
    }
    const auto* stopped = assessment.stopped_at();
    if (is_settled(desired, assessment)) {
        return RetryAfter{settled_interval(desired.object.meta.uid, settled)};
    }
    if (std::holds_alternative<Act>(stopped->verdict)) {
        return RetryAfter{0ms};
    }
    if (const auto* wait = std::get_if<Wait>(&stopped->verdict)) {
        return wait->until ? until(*wait->until) : RetryAfter{kWaitingInterval};
    }
    return RetryAfter{kBlockedInterval};
}

}  // namespace djdb
