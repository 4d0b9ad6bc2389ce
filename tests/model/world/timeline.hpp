// Virtual time and what is to happen in it. Time passes within the operator's calls as well, so that
// whatever is due happens in the midst of a run: that is all the concurrency there is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace djdb::model {

/// Milliseconds of virtual time.
using Millis = std::int64_t;

class Timeline {
  public:
    using Act = std::function<void()>;

    [[nodiscard]] Millis now() const { return now_; }
    void at(Millis time, Act act) {
        heap_.push_back({std::max(time, now_), ++number_, std::move(act)});
        std::ranges::push_heap(heap_, later);
    }
    void after(Millis span, Act act) { at(now_ + span, std::move(act)); }

    /// Lets so much time go by, and all happen that is due in it.
    void pass(Millis span) {
        const auto until = now_ + span;
        while (!heap_.empty() && heap_.front().at <= until) {
            step();
        }
        now_ = std::max(now_, until);
    }
    [[nodiscard]] bool is_empty() const { return heap_.empty(); }
    [[nodiscard]] Millis next() const { return heap_.front().at; }
    [[nodiscard]] std::uint64_t steps() const { return steps_; }

    void step() {
        std::ranges::pop_heap(heap_, later);
        const auto event = std::move(heap_.back());
        heap_.pop_back();
        now_ = std::max(now_, event.at);
        ++steps_;
        event.act();
    }

  private:
    struct Event {
        Millis at;
        std::uint64_t number;
        Act act;
    };
    static bool later(const Event& a, const Event& b) {
        return a.at != b.at ? a.at > b.at : a.number > b.number;
    }

    Millis now_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t steps_ = 0;
    std::vector<Event> heap_;
};

}  // namespace djdb::model
