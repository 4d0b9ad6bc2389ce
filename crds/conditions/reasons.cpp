// The reasons' one table, put together: what the API says, what it means, what to do.
// docs/conditions.md is generated from it.
#include "crds/conditions/reasons.hpp"

#include "crds/conditions/reasons/common.hpp"
#include "crds/conditions/reasons/database.hpp"
#include "crds/conditions/reasons/job.hpp"
#include "crds/conditions/reasons/release.hpp"
#include "crds/conditions/reasons/server.hpp"

#include <algorithm>
#include <array>

namespace djdb {
namespace {

template <std::size_t... Sizes>
constexpr auto joined(const std::array<ReasonRow, Sizes>&... tables) {
    std::array<ReasonRow, (Sizes + ...)> all{};
    auto* next = all.begin();
    ((next = std::ranges::copy(tables, next).out), ...);
    return all;
}

constexpr auto kReasons = joined(
    reasons::kCommon, reasons::kServer, reasons::kDatabase, reasons::kRelease, reasons::kJob
);

}  // namespace

std::span<const ReasonRow> reason_table() {
    return kReasons;
}

std::string_view to_string(Reason reason) {
    return std::ranges::find(kReasons, reason, &ReasonRow::reason)->wire;
}

std::optional<Reason> parse_reason(std::string_view text) {
    const auto* const row = std::ranges::find(kReasons, text, &ReasonRow::wire);
    return row == kReasons.end() ? std::nullopt : std::optional(row->reason);
}

bool appears_in(Reason reason, ConditionType type) {
    return std::ranges::find(kReasons, reason, &ReasonRow::reason)->conditions.contains(type);
}

}  // namespace djdb
