// The one source of chance: the same seed gives the same world on every machine. The standard's
// distributions may differ between libraries, so there are none in here.
#pragma once

#include <cstdint>

namespace djdb::model {

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        // splitmix64
        state_ += 0x9E3779B97F4A7C15ULL;
        auto z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31U);
    }
    /// From 0 to below n.
    std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n));
    }
    std::int64_t between(std::int64_t first, std::int64_t last) {
        return first + below(last - first + 1);
    }
    bool chance(int of_thousand) { return below(1000) < of_thousand; }
    /// A stream of its own, so that one more draw here changes nothing there.
    Random fork() { return Random(next()); }

  private:
    std::uint64_t state_;
};

}  // namespace djdb::model
