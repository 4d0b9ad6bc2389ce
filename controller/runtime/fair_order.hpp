// Which of the keys that are due goes next, so that what is slow or many holds nobody else up.
//
// A key stands with the server that it needs, there in the space that it belongs to. The server with
// the fewest workers goes next, of equals the one whose last turn was longest ago. Of its keys those
// that go on come before those that begin: of 400 resources made at once each is Ready soon after its
// own Secret, and not behind the Secrets of all others. Then the space is chosen as the server was;
// there the first that came. Promises: no server has all workers, and the keys whose last run was
// long share one worker of their server. So a server that is silent holds up its own keys, and a key
// that is held up holds up its like.
//
// A WorkQueue owns it and guards it with its lock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace djdb::runtime {

/// Where a key stands.
struct Place {
    std::string server;
    std::string space;
};

/// How a key comes. Whoever lets one go on again and again has to slow it down.
enum class Entry {
    Begins,
    GoesOn,  ///< its last run left something to be done immediately
};

struct FairShare {
    std::size_t workers = std::numeric_limits<std::size_t>::max();
    std::chrono::milliseconds long_run{2000};
};

template <class Key>
class FairOrder {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using PlaceOf = std::function<Place(const Key&)>;

    explicit FairOrder(FairShare share) : share_(share) {}

    /// Until it is called, all stand at one place.
    void set_places(PlaceOf place_of) { place_of_ = std::move(place_of); }

    /// `key` is due; it must not stand here yet, nor be worked on.
    void add(const Key& key, Entry entry = Entry::Begins) {
        const auto place = place_of_ ? place_of_(key) : Place{};
        auto& space = lines_[{place.server, slow_.contains(key)}].spaces[place.space];
        (entry == Entry::GoesOn ? space.going_on : space.beginning).push_back(key);
    }

    /// True: take() has one.
    [[nodiscard]] bool has_next() { return next_line() != lines_.end(); }

    /// Takes the next one; a worker has it until done().
    std::optional<Key> take(TimePoint now) {
        const auto line = next_line();
        if (line == lines_.end()) {
            return std::nullopt;
        }
        auto& spaces = line->second.spaces;
        const auto space = std::ranges::min_element(spaces, {}, [](const auto& entry) {
            const auto& at = entry.second;
            return std::tuple(at.is_empty(), at.going_on.empty(), at.running, at.last_turn);
        });
        Key key = space->second.pop();
        ++turns_;
        begin_turn(line->second);
        begin_turn(space->second);
        running_.emplace(key, Running{line->first, space->first, now});
        return key;
    }

    /// The worker is free again.
    void done(const Key& key, TimePoint now) {
        const auto run = running_.extract(key).mapped();
        if (now - run.since >= share_.long_run) {
            slow_.insert(key);
        } else {
            slow_.erase(key);
        }
        const auto line = lines_.find(run.line);
        const auto space = line->second.spaces.find(run.space);
        --line->second.running;
        if (--space->second.running == 0 && space->second.is_empty()) {
            line->second.spaces.erase(space);
        }
        if (line->second.running == 0 && line->second.spaces.empty()) {
            lines_.erase(line);
        }
    }

  private:
    /// A server's keys, those whose last run was long apart from the others.
    struct LineName {
        std::string server;
        bool is_slow = false;
        friend auto operator<=>(const LineName&, const LineName&) = default;
    };
    struct Turns {
        std::size_t running = 0;
        std::uint64_t last_turn = 0;
    };
    struct Space : Turns {
        std::deque<Key> going_on;
        std::deque<Key> beginning;

        [[nodiscard]] bool is_empty() const { return going_on.empty() && beginning.empty(); }
        Key pop() {
            auto& keys = going_on.empty() ? beginning : going_on;
            Key key = std::move(keys.front());
            keys.pop_front();
            return key;
        }
    };
    struct Line : Turns {
        std::map<std::string, Space> spaces;
    };
    using Lines = std::map<LineName, Line>;
    struct Running {
        LineName line;
        std::string space;
        TimePoint since;
    };

    void begin_turn(Turns& turns) const {
        ++turns.running;
        turns.last_turn = turns_;
    }

    [[nodiscard]] std::size_t workers_of(const std::string& server) const {
        std::size_t count = 0;
        for (const bool is_slow : {false, true}) {
            const auto line = lines_.find({server, is_slow});
            count += line == lines_.end() ? 0 : line->second.running;
        }
        return count;
    }

    [[nodiscard]] bool may_go(const LineName& name, const Line& line) const {
        const auto most = std::max<std::size_t>(share_.workers - 1, 1);
        const bool has_keys = std::ranges::any_of(line.spaces, [](const auto& entry) {
            return !entry.second.is_empty();
        });
        return has_keys && workers_of(name.server) < most && !(name.is_slow && line.running > 0);
    }

    Lines::iterator next_line() {
        auto best = lines_.end();
        for (auto line = lines_.begin(); line != lines_.end(); ++line) {
            const auto rank = [](const auto& at) {
                return std::tuple(at->second.running, at->second.last_turn);
            };
            if (may_go(line->first, line->second) &&
                (best == lines_.end() || rank(line) < rank(best))) {
                best = line;
            }
        }
        return best;
    }

    FairShare share_;
    PlaceOf place_of_;
    Lines lines_;
    std::map<Key, Running> running_;
    std::set<Key> slow_;
    std::uint64_t turns_ = 0;
};

}  // namespace djdb::runtime
