// What every call into the world carries: when to give up, and who asked.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace djdb {

/// A point in steady time; every blocking call takes one instead of a duration, so nested calls
/// can't add up.
class Deadline {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Deadline(Clock::time_point at) : at_(at) {}
    static Deadline in(Clock::duration span) { return Deadline(Clock::now() + span); }

    [[nodiscard]] Clock::time_point at() const { return at_; }
    [[nodiscard]] bool has_passed() const { return Clock::now() >= at_; }
    /// Never negative.
    [[nodiscard]] std::chrono::milliseconds left() const {
        const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - Clock::now());
        return span.count() > 0 ? span : std::chrono::milliseconds{0};
    }
    [[nodiscard]] Deadline or_earlier(Clock::duration span) const {
        const auto other = Clock::now() + span;
        return other < at_ ? Deadline(other) : *this;
    }

  private:
    Clock::time_point at_;
};

struct CallContext {
    std::stop_token stop;
    Deadline deadline;
    /// Correlates log lines, the API server's audit log (user agent) and PostgreSQL's
    /// application_name.
    std::string reconcile_id;
};

}  // namespace djdb
