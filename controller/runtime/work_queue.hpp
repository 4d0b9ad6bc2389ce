// The keys that wait for a worker. It owns no thread; reflectors add, workers take, any thread may
// call.
//
// Promises: a key stands in the queue once (the earlier time wins); no key is worked on by two
// threads at a time; a key added while it is worked on comes back after done(). So nothing is lost
// and nothing runs twice side by side. With each key it carries why it was added: of those that
// meet, the reason of the earlier time.
#pragma once

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

template <class Key, class Why>
class WorkQueue {
  public:
    using Clock = std::chrono::steady_clock;
    using TimePoint = Clock::time_point;

    struct Work {
        Key key;
        Why why;
    };

    /// Asks for a run of `key`, not before the given time. An entry that is already there keeps the
    /// earlier time, and the reason that asked for it.
    void add(Key key, Why why, TimePoint not_before = Clock::now()) {
        const std::scoped_lock lock(mutex_);
        const auto [entry, is_new] = due_.try_emplace(key, Due{not_before, why});
        if (!is_new) {
            if (entry->second.at <= not_before) {
                return;
            }
            order_.erase({entry->second.at, key});
            entry->second = {not_before, why};
        }
        order_.insert({not_before, std::move(key)});
        changed_.notify_one();
    }

    /// Waits for the next key that is due and not being worked on; the caller owes done().
    /// @return nullopt only when stop is requested
    std::optional<Work> take(std::stop_token stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            const auto next = first_idle();
            if (next == order_.end()) {
                changed_.wait(lock, stop, [&] { return has_idle(); });
                continue;
            }
            const TimePoint due = next->first;
            if (due <= Clock::now()) {
                Key key = next->second;
                order_.erase(next);
                const auto why = due_.extract(key).mapped().why;
                running_.insert(key);
                // One notification may have woken us while another key is due as well.
                changed_.notify_one();
                return Work{std::move(key), why};
            }
            changed_.wait_until(lock, stop, due, [&] { return earliest_idle() < due; });
        }
        return std::nullopt;
    }

    /// The run of `key` is over; if it was added meanwhile, it may be taken again.
    void done(const Key& key) {
        const std::scoped_lock lock(mutex_);
        running_.erase(key);
        changed_.notify_one();
    }

    /// Keys that wait, not counting those being worked on.
    [[nodiscard]] std::size_t size() const {
        const std::scoped_lock lock(mutex_);
        return due_.size();
    }

  private:
    struct Due {
        TimePoint at;
        Why why;
    };
    using Entry = std::pair<TimePoint, Key>;
    using Position = std::set<Entry>::iterator;

    Position first_idle() {
        auto position = order_.begin();
        while (position != order_.end() && running_.contains(position->second)) {
            ++position;
        }
        return position;
    }
    bool has_idle() { return first_idle() != order_.end(); }
    TimePoint earliest_idle() {
        const auto position = first_idle();
        return position == order_.end() ? TimePoint::max() : position->first;
    }

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<Key, Due> due_;
    std::set<Entry> order_;
    std::set<Key> running_;
};

}  // namespace djdb::runtime
