#include "controller/kube/watch/watch_machine.hpp"

#include <utility>

namespace djdb::kube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{800};
constexpr milliseconds kLongestWait{30'000};
constexpr milliseconds kHealthy{120'000};
constexpr milliseconds kShortest{1'000};

milliseconds growing_wait(unsigned failures) {
    auto wait = kFirstWait;
    for (unsigned i = 0; i < failures && wait < kLongestWait; ++i) {
        wait *= 2;
    }
    return wait < kLongestWait ? wait : kLongestWait;
}

WatchDecision after_failure(WatchState state, NextMove next) {
    const auto wait = growing_wait(state.failures++);
    return {.state = std::move(state), .change = StoreChange::None, .next = next, .wait = wait};
}

/// The first time immediately: the version is merely too old. If that repeats, something is wrong.
WatchDecision start_over(WatchState state) {
    state.resource_version.clear();
    auto decision = after_failure(std::move(state), NextMove::List);
    if (decision.state.failures == 1) {
        decision.wait = milliseconds{0};
    }
    return decision;
}

struct Step {
    WatchState state;

    WatchDecision operator()(const Listed& listed) {
        state.resource_version = listed.resource_version;
        return {std::move(state), StoreChange::Replace, NextMove::OpenWatch, milliseconds{0}};
    }
    WatchDecision operator()(const ListRefused&) {
        return after_failure(std::move(state), NextMove::List);
    }
    WatchDecision operator()(const UnusableEvent&) { return start_over(std::move(state)); }
    WatchDecision operator()(const WatchRefused& refused) {
        return refused.version_lost ? start_over(std::move(state))
                                    : after_failure(std::move(state), NextMove::OpenWatch);
    }
    WatchDecision operator()(const WatchEnded& ended) {
        if (ended.lasted >= kHealthy) {
            state.failures = 0;
            if (ended.without_a_word) {
                return start_over(std::move(state));
            }
        }
        if (ended.broken || ended.lasted < kShortest) {
            return after_failure(std::move(state), NextMove::OpenWatch);
        }
        state.failures = 0;
        return {std::move(state), StoreChange::None, NextMove::OpenWatch, milliseconds{0}};
    }
    WatchDecision operator()(const WatchEvent& event) {
        switch (event.type) {
            case EventType::Added:
            case EventType::Modified:
                return read_on(event, StoreChange::Upsert);
            case EventType::Deleted:
                return read_on(event, StoreChange::Erase);
            case EventType::Bookmark:
                return read_on(event, StoreChange::None);
            case EventType::Error:
                return event.version_lost ? start_over(std::move(state))
                                          : after_failure(std::move(state), NextMove::OpenWatch);
            case EventType::Unknown:
                break;
        }
        return {std::move(state), StoreChange::None, NextMove::ReadOn, milliseconds{0}};
    }

    WatchDecision read_on(const WatchEvent& event, StoreChange change) {
        if (is_older(event.resource_version, state.resource_version)) {
            return start_over(std::move(state));
        }
        state.resource_version = event.resource_version;
        return {std::move(state), change, NextMove::ReadOn, milliseconds{0}};
    }
};

}  // namespace

WatchDecision step(WatchState state, const WatchInput& input) {
    return std::visit(Step{std::move(state)}, input);
}

bool is_older(const std::string& version, const std::string& than) {
    const auto is_number = [](const std::string& text) {
        return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    };
    if (!is_number(version) || !is_number(than)) {
        return false;
    }
    return version.size() != than.size() ? version.size() < than.size() : version < than;
}

EventType parse_event_type(const std::string& text) {
    if (text == "ADDED") {
        return EventType::Added;
    }
    if (text == "MODIFIED") {
        return EventType::Modified;
    }
    if (text == "DELETED") {
        return EventType::Deleted;
    }
    if (text == "BOOKMARK") {
        return EventType::Bookmark;
    }
    return text == "ERROR" ? EventType::Error : EventType::Unknown;
}

}  // namespace djdb::kube
