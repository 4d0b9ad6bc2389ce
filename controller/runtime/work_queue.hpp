// The keys that wait for a worker. It owns no thread; reflectors add, workers take, any thread may
// call.
//
// Promises: a key stands in the queue once (the earlier time wins); no key is worked on by two
// threads at once; a key added while it is worked on comes back after done(). So nothing is lost
// and nothing runs twice side by side.
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

template <class Key>
class WorkQueue {
  public:
    using Clock = std::chrono::steady_clock;
    using TimePoint = Clock::time_point;

    /// Asks for a run of `key`, not before the given time. An entry that is already there keeps the
    /// earlier time.
    void add(Key key, TimePoint not_before = Clock::now()) {
        const std::lock_guard lock(mutex_);
        const auto [entry, is_new] = due_.try_emplace(key, not_before);
        if (!is_new) {
            if (entry->second <= not_before) {
                return;
            }
            order_.erase({entry->second, key});
            entry->second = not_before;
        }
        order_.insert({not_before, std::move(key)});
        changed_.notify_one();
    }

    /// Waits for the next key that is due and not being worked on; the caller owes done().
    /// @return nullopt only when stop is requested
    std::optional<Key> take(std::stop_token stop) {
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
                due_.erase(key);
                running_.insert(key);
                // One notification may have woken us while another key is due as well.
                changed_.notify_one();
                return key;
            }
            changed_.wait_until(lock, stop, due, [&] { return earliest_idle() < due; });
        }
        return std::nullopt;
    }

    /// The run of `key` is over; if it was added meanwhile, it may be taken again.
    void done(const Key& key) {
        const std::lock_guard lock(mutex_);
        running_.erase(key);
        changed_.notify_one();
    }

    /// Keys that wait, not counting those being worked on.
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return due_.size();
    }

  private:
    using Entry = std::pair<TimePoint, Key>;
    using Position = typename std::set<Entry>::iterator;

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
    std::map<Key, TimePoint> due_;
    std::set<Entry> order_;
    std::set<Key> running_;
};

}  // namespace djdb::runtime
