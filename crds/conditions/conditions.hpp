// Conditions: what a resource says of itself.
#pragma once

#include "crds/conditions/condition_types.hpp"
#include "crds/conditions/reasons.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace djdb {

enum class ConditionStatus { True, False, Unknown };

std::string_view to_string(ConditionStatus);
std::optional<ConditionStatus> parse_condition_status(std::string_view);

using TimePoint = std::chrono::sys_seconds;

struct Condition {
    ConditionType type = ConditionType::Ready;
    ConditionStatus status = ConditionStatus::Unknown;
    Reason reason = Reason::Progressing;
    std::string message;
    std::int64_t observed_generation = 0;
    /// When status last changed, not reason or message.
    TimePoint last_transition{};
    friend bool operator==(const Condition&, const Condition&) = default;
};

/// The next list of conditions: each keeps its transition time unless its status flips, so writing
/// what is unchanged yields an equal value (a rewritten time would wake our own watch for ever:
/// strimzi#13079).
std::vector<Condition> merge(
    const std::vector<Condition>& previous, std::vector<Condition> next, TimePoint now
);

}  // namespace djdb
