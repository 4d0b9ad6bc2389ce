// The rules of list and watch as a pure function: no socket, no clock, no thread. The reflector
// feeds it what happened and does what it says.
//
//   listed                      -> swap the store, watch from the list's version
//   list refused                -> list again after a growing wait
//   event, bookmark             -> remember its version, change the store, read on
//   410 on open or in an ERROR  -> list again at once (once; then after a growing wait)
//   other refusal, 429, cut, silence -> watch again from the last version after a growing wait, no
//   list end as the server announced -> watch again at once; an end within a second counts as a cut
#pragma once

#include <chrono>
#include <string>
#include <variant>

namespace djdb::kube {

struct WatchState {
    /// The version of the last thing seen; watches start behind it.
    std::string resource_version;
    unsigned failures = 0;
};

struct Listed {
    std::string resource_version;
};
struct ListRefused {};
enum class EventType { Added, Modified, Deleted, Bookmark, Error, Unknown };
struct WatchEvent {
    EventType type = EventType::Unknown;
    std::string resource_version;
    /// Of an ERROR event's Status object.
    int error_code = 0;
};
/// The server answered the watch request with this status instead of a stream.
struct WatchRefused {
    int status = 0;
};
/// The stream is over: ended by the server, or cut, or silent for too long.
struct WatchEnded {
    bool broken = false;
    std::chrono::milliseconds lasted{0};
};
using WatchInput = std::variant<Listed, ListRefused, WatchEvent, WatchRefused, WatchEnded>;

enum class StoreChange { None, Replace, Upsert, Erase };
enum class NextMove { List, OpenWatch, ReadOn };
struct WatchDecision {
    WatchState state;
    StoreChange change = StoreChange::None;
    NextMove next = NextMove::List;
    /// Before the move; the reflector adds up to as much again, at random.
    std::chrono::milliseconds wait{0};
};

WatchDecision step(WatchState state, const WatchInput& input);

/// "ADDED" and so on; anything else is Unknown, which is skipped.
EventType parse_event_type(const std::string& text);

}  // namespace djdb::kube
