// The keys that wait for a worker. It owns no thread; reflectors add, workers take, any thread may
// call.
//
// Promises: a key stands in the queue once (the earlier time wins); no key is worked on by two
// threads at a time; a key added while it is worked on comes back after done(). So nothing is lost
// and nothing runs twice side by side. With each key it carries why it was added: of those that
// meet, the reason of the earlier time. Of the keys that are due, fair_order.hpp says which is next.
#pragma once

#include "controller/runtime/fair_order.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

namespace djdb::runtime {

/// Lets the watch bring what a run wrote before the next one looks.
inline constexpr std::chrono::milliseconds kWatchDelay{20};

template <class Key, class Why>
class WorkQueue {
  public:
    using Clock = std::chrono::steady_clock;
    using TimePoint = Clock::time_point;

    struct Work {
        Key key;
        Why why;
    };

    explicit WorkQueue(FairShare share = {}) : order_(share) {}

    /// For the keys that become due from now on.
    void set_places(FairOrder<Key>::PlaceOf place_of) {
        const std::scoped_lock lock(mutex_);
        order_.set_places(std::move(place_of));
    }

    /// Asks for a run of `key`, not before the given time. An entry that is already there keeps the
    /// earlier time, and the reason that asked for it; it goes on if one of the two does. Where a run
    /// that is to go on was asked for while it ran, its own writes may be the reason: the next one
    /// begins a little later, when the watch has brought them.
    void add(Key key, Why why, TimePoint not_before = Clock::now(), Entry entry = Entry::Begins) {
        const std::scoped_lock lock(mutex_);
        const auto [place, is_new] = asked_.try_emplace(key, Asked{not_before, why, entry});
        auto& asked = place->second;
        if (!is_new) {
            asked.entry = std::max(asked.entry, entry);
            if (entry == Entry::GoesOn && running_.contains(key)) {
                asked.at = std::min(not_before, Clock::now() + kWatchDelay);
                return;
            }
            if (asked.at <= not_before) {
                return;
            }
            waiting_.erase({asked.at, key});
            asked.at = not_before;
            asked.why = why;
        }
        if (!asked.is_due && !running_.contains(key)) {
            waiting_.insert({not_before, std::move(key)});
        }
        changed_.notify_one();
    }

    /// Waits for the next key that is due and not being worked on; the caller owes done().
    /// @return nullopt only when stop is requested
    std::optional<Work> take(std::stop_token stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            const auto now = Clock::now();
            move_due(now);
            if (auto key = order_.take(now)) {
                const auto why = asked_.extract(*key).mapped().why;
                running_.insert(*key);
                // One notification may have woken us while another key is due as well.
                changed_.notify_one();
                return Work{*std::move(key), why};
            }
            const auto until = std::min(next_due(), now + kLongestWait);
            changed_.wait_until(lock, stop, until, [&] {
                return order_.has_next() || next_due() < until;
            });
        }
        return std::nullopt;
    }

    /// The run of `key` is over; if it was added meanwhile, it may be taken again.
    void done(const Key& key) {
        const std::scoped_lock lock(mutex_);
        order_.done(key, Clock::now());
        running_.erase(key);
        if (const auto again = asked_.find(key); again != asked_.end()) {
            waiting_.insert({again->second.at, key});
        }
        changed_.notify_one();
    }

    /// Keys that wait, not counting those being worked on.
    [[nodiscard]] std::size_t size() const {
        const std::scoped_lock lock(mutex_);
        return asked_.size();
    }

  private:
    static constexpr std::chrono::hours kLongestWait{1};

    struct Asked {
        TimePoint at;
        Why why;
        Entry entry;
        bool is_due = false;  ///< it stands in order_
    };

    void move_due(TimePoint now) {
        while (!waiting_.empty() && waiting_.begin()->first <= now) {
            const auto key = std::move(waiting_.extract(waiting_.begin()).value().second);
            auto& asked = asked_.at(key);
            asked.is_due = true;
            order_.add(key, asked.entry);
        }
    }
    [[nodiscard]] TimePoint next_due() const {
        return waiting_.empty() ? TimePoint::max() : waiting_.begin()->first;
    }

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<Key, Asked> asked_;
    std::set<std::pair<TimePoint, Key>> waiting_;  ///< for their time, and worked on by nobody
    FairOrder<Key> order_;
    std::set<Key> running_;
};

}  // namespace djdb::runtime
