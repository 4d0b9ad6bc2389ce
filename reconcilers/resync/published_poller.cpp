#include "reconcilers/resync/published_poller.hpp"

#include "reconcilers/ports/failure.hpp"

#include <algorithm>

namespace djdb {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kRound = 25s;
constexpr std::chrono::milliseconds kShortest = 100ms;

}  // namespace

std::chrono::milliseconds pace_of_round(std::size_t objects) {
    return std::max(kShortest, kRound / static_cast<int>(std::max<std::size_t>(objects, 1)));
}

bool has_changed(const std::string& noted, const std::optional<std::string>& found) {
    return found && *found != noted;
}

std::chrono::milliseconds PublishedPoller::interval() const {
    return pace_of_round(cache_.count_settled().published);
}

void PublishedPoller::poll_next(const CallContext& call) {
    const auto next = cache_.next_published(last_);
    if (!next) {
        return;
    }
    const auto& [place, noted] = *next;
    last_ = place;
    std::optional<std::string> found;
    try {
        found = cluster_.read_version(place.object.kind, {place.tenant.ns, place.object.name}, call)
                    .value_or("");
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
        // Forbidden, unreachable, busy: the next round asks again, and runs say what is wrong.
    }
    if (has_changed(noted, found)) {
        wake_(place.tenant);
    }
}

}  // namespace djdb
