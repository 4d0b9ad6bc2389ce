#include "crds/conditions/conditions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace djdb {
namespace {

constexpr std::array kStatuses{
    std::pair{ConditionStatus::True, std::string_view{"True"}},
    std::pair{ConditionStatus::False, std::string_view{"False"}},
    std::pair{ConditionStatus::Unknown, std::string_view{"Unknown"}},
};

}  // namespace

std::string_view to_string(ConditionStatus status) {
    return std::ranges::find(kStatuses, status, &decltype(kStatuses)::value_type::first)->second;
}

std::optional<ConditionStatus> parse_condition_status(std::string_view text) {
    const auto* const row =
        std::ranges::find(kStatuses, text, &decltype(kStatuses)::value_type::second);
    return row == kStatuses.end() ? std::nullopt : std::optional(row->first);
}

std::vector<Condition> merge(
    const std::vector<Condition>& previous, std::vector<Condition> next, TimePoint now
) {
    for (auto& condition : next) {
        const auto before = std::ranges::find(previous, condition.type, &Condition::type);
        const bool unchanged = before != previous.end() && before->status == condition.status;
        condition.last_transition = unchanged ? before->last_transition : now;
    }
    return next;
}

}  // namespace djdb
