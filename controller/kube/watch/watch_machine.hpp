// The rules of list and watch as a pure function: no socket, no clock, no thread. The reflector
// feeds it what happened and does what it says.
//
//   listed                       -> swap the store, watch from the list's version
//   list refused                 -> list again after a growing wait
//   event, bookmark              -> remember its version, change the store, read on
//   event of an older version    -> we look at another past (a restored etcd): list again
//   event that can't be used     -> list again
//   version lost (410, too new)  -> list again
//   other refusal, 429, cut, silence -> watch again from the last version, after a growing wait
//   end as the server announced  -> watch again immediately; an end within a second counts as a cut
//   two minutes without a word   -> list again: bookmarks come each minute, unless our version is
//                                   ahead of the server's
//
// "List again" is immediate the first time, and after a growing wait when it repeats.
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
    /// Of an ERROR event: the version can't be gone on from.
    bool version_lost = false;
};
/// An event that is no event, or that is too long to be read.
struct UnusableEvent {};
/// The server answered the watch request with a status instead of a stream.
struct WatchRefused {
    bool version_lost = false;
};
/// The stream is over: ended by the server, or cut, or silent for too long.
struct WatchEnded {
    bool broken = false;
    std::chrono::milliseconds lasted{0};
    /// Neither an event nor a bookmark came.
    bool without_a_word = false;
};
using WatchInput =
    std::variant<Listed, ListRefused, WatchEvent, UnusableEvent, WatchRefused, WatchEnded>;

enum class StoreChange { None, Replace, Upsert, Erase };
enum class NextMove { List, OpenWatch, ReadOn };
struct WatchDecision {
    WatchState state;
    StoreChange change = StoreChange::None;
    NextMove next = NextMove::List;
    /// Before the move, at most; the reflector takes off up to half of it, at random.
    std::chrono::milliseconds wait{0};
};

WatchDecision step(WatchState state, const WatchInput& input);

/// Versions grow; of two that are not numbers none is older.
[[nodiscard]] bool is_older(const std::string& version, const std::string& than);

/// "ADDED" and so on; anything else is Unknown, which is skipped.
EventType parse_event_type(const std::string& text);

}  // namespace djdb::kube
