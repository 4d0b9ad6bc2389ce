// How long a failing key waits: exponential, with full jitter, so that keys that failed together do
// not return together. Owns its counters; any thread may call.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <utility>

namespace djdb::runtime {

struct BackoffLimits {
    std::chrono::milliseconds first{200};
    std::chrono::milliseconds cap{30'000};
};

/// first * 2^failures, never above the cap; overflow-safe for any count.
constexpr std::chrono::milliseconds backoff_ceiling(BackoffLimits limits, unsigned failures) {
    auto span = limits.first;
    for (unsigned i = 0; i < failures && span < limits.cap; ++i) {
        span *= 2;
    }
    return span < limits.cap ? span : limits.cap;
}

template <class Key>
class Backoff {
  public:
    explicit Backoff(BackoffLimits limits = {}, std::uint64_t seed = std::random_device{}())
        : limits_(limits), random_(seed) {}

    /// Counts one more failure of `key`. @return a random span up to the ceiling of that many
    /// failures
    std::chrono::milliseconds next(const Key& key) {
        const std::scoped_lock lock(mutex_);
        const auto ceiling = backoff_ceiling(limits_, failures_[key]++);
        return std::chrono::milliseconds{
            std::uniform_int_distribution<std::chrono::milliseconds::rep>{
                0, ceiling.count()}(random_)};
    }

    /// The key succeeded or is gone.
    void reset(const Key& key) {
        const std::scoped_lock lock(mutex_);
        failures_.erase(key);
    }

    [[nodiscard]] unsigned failures(const Key& key) const {
        const std::scoped_lock lock(mutex_);
        const auto found = failures_.find(key);
        return found == failures_.end() ? 0 : found->second;
    }

  private:
    BackoffLimits limits_;
    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<Key, unsigned> failures_;
};

}  // namespace djdb::runtime
