// One record of a run: why it came, what was done, where it stopped, when the next one comes. The log
// line, the Events and the metrics derive from it and from nothing else.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/step.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace djdb {

/// Why a resource was put into the queue. Where several reasons meet, the earliest run's stays.
enum class WakeReason {
    ResourceChanged,
    ServerChanged,
    NamespaceChanged,
    WorkloadChanged,
    JobChanged,
    PodChanged,
    GateChanged,
    OperatorSecretChanged,
    OperatorConfigMapChanged,
    PublishedChanged,  ///< PublishedPoller found another version
    CatalogChanged,    ///< CatalogResync found other facts on the server
    Requeued,          ///< an earlier run asked for it
    Failed,            ///< an earlier run failed
};
std::string_view to_string(WakeReason);

/// A lane of stages; workflow.hpp has their order and needs.
enum class LaneId { Foundation, Drift, Release, Deletion };
std::string_view to_string(LaneId);

/// One step that was tried.
struct StepOutcome {
    StepId step;
    LaneId lane = LaneId::Foundation;
    /// Of the stage that planned it.
    ConditionType stage = ConditionType::Accepted;
    /// None: it was done.
    std::optional<Failure> failure;
    /// It was not tried, since the same write was refused a moment ago; it may be then.
    std::optional<TimePoint> not_before;
    /// What people are to know of it, a sentence each: an Event's reason and message.
    struct Note {
        bool is_warning = false;
        std::string reason;
        std::string message;
    };
    std::vector<Note> notes;
};
using Outcomes = std::vector<StepOutcome>;

/// Of this lane the outcome that ended it, or null.
const StepOutcome* failure_in(const Outcomes&, LaneId);
template <class Kind>
bool was_done(const Outcomes& outcomes) {
    return std::ranges::any_of(outcomes, [](const StepOutcome& outcome) {
        return outcome.step.is<Kind>() && !outcome.failure;
    });
}

struct AwaitChange {};
struct RetryAfter {
    std::chrono::milliseconds span;
};
/// After a growing wait; sooner where another lane asks for it.
struct RetryWithBackoff {
    std::optional<std::chrono::milliseconds> at_most;
};
using Requeue = std::variant<AwaitChange, RetryAfter, RetryWithBackoff>;

/// Something is left to be done immediately.
inline bool goes_on(const Requeue& next) {
    const auto* retry = std::get_if<RetryAfter>(&next);
    return retry != nullptr && retry->span.count() == 0;
}

/// Where a lane stopped, and why.
struct Stop {
    LaneId lane = LaneId::Foundation;
    ConditionType stage = ConditionType::Accepted;
    Reason reason = Reason::Succeeded;
    std::string message;
};

struct Run {
    std::string id;
    WakeReason why = WakeReason::ResourceChanged;
    Outcomes steps;
    std::vector<Stop> stops;
    bool wrote_status = false;
    Requeue next = AwaitChange{};
    std::chrono::nanoseconds took{};
};

}  // namespace djdb
