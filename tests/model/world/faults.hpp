// What can go wrong with a call of one operator process: it fails before it has an effect, its reply
// is lost, or the process dies right before or right after the effect.
#pragma once

#include "tests/model/world/history.hpp"
#include "tests/model/world/random.hpp"
#include "tests/model/world/refusal.hpp"
#include "tests/model/world/timeline.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace djdb::model {

/// Ends a run as SIGKILL would. No std::exception: nothing in the product may catch it.
struct Crash {};

/// A process as the world knows it.
struct Caller {
    std::string name;
    bool is_alive = true;
};

/// Of one history. Rates are in thousandths of calls.
struct FaultPlan {
    int fails = 0;
    int loses_reply = 0;
    int crashes = 0;
    int pauses = 0;
    /// Dies at the effect of this number, counted over all processes; 0: never.
    std::uint64_t crash_at = 0;
    bool crash_after = false;
    /// Calls take up to so long.
    Millis latency = 4;
    /// Watches lag up to so long, and now and then for much longer.
    Millis lag = 40;
    int long_lags = 0;
};

class Faults {
  public:
    Faults(Timeline& timeline, History& history, Random random, FaultPlan plan)
        : timeline_(timeline), history_(history), random_(random), plan_(plan) {}

    /// From now on nothing goes wrong any more.
    void end() {
        plan_ = FaultPlan{};
        ambushes_.clear();
        is_over_ = true;
    }
    [[nodiscard]] bool is_over() const { return is_over_; }
    [[nodiscard]] const FaultPlan& plan() const { return plan_; }
    [[nodiscard]] std::uint64_t effects() const { return effects_; }
    [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }

    /// A call that reads. Time passes, or the caller learns nothing.
    void read(const Caller& who, const char* what) {
        travel(who);
        if (random_.chance(plan_.fails)) {
            fail(who, what, "it failed");
        }
    }

    /// A call, or a part of one, that changes something.
    template <class Apply>
    auto effect(const Caller& who, const char* what, Apply&& apply) {
        travel(who);
        ++effects_;
        const bool is_marked = effects_ == plan_.crash_at;
        if (random_.chance(plan_.fails)) {
            fail(who, what, "it failed before it did anything");
        }
        if (is_marked ? !plan_.crash_after : random_.chance(plan_.crashes)) {
            crash(who, what, "before");
        }
        spring(what);
        history_.note(who.name, [&] { return std::string(what); });
        if constexpr (std::is_void_v<decltype(apply())>) {
            apply();
            end_effect(who, what, is_marked);
        } else {
            auto result = apply();
            end_effect(who, what, is_marked);
            return result;
        }
    }
    /// Somebody does this right before the next effect whose name begins so.
    void lie_in_wait(std::string what, Timeline::Act act) {
        ambushes_.push_back({std::move(what), std::move(act)});
    }
    /// How long the watch of one kind takes to bring the next change.
    Millis draw_lag() {
        if (random_.chance(plan_.long_lags)) {
            return random_.between(1'000, 12'000);
        }
        return random_.between(1, plan_.lag);
    }
    Random& random() { return random_; }

  private:
    struct Ambush {
        std::string what;
        Timeline::Act act;
    };
    void spring(std::string_view what) {
        for (std::size_t i = 0; i < ambushes_.size(); ++i) {
            if (what.starts_with(ambushes_[i].what)) {
                const auto act = std::move(ambushes_[i].act);
                ambushes_.erase(ambushes_.begin() + static_cast<std::ptrdiff_t>(i));
                act();
                return;
            }
        }
    }
    /// Who dies meanwhile, by another thread of it, gets no answer.
    void travel(const Caller& who) {
        if (random_.chance(plan_.pauses)) {
            timeline_.pass(random_.between(500, 40'000));
        } else {
            timeline_.pass(random_.between(0, plan_.latency));
        }
        if (!who.is_alive) {
            throw Crash{};
        }
    }
    void end_effect(const Caller& who, const char* what, bool is_marked) {
        if (is_marked || random_.chance(plan_.crashes)) {
            crash(who, what, "after");
        }
        if (random_.chance(plan_.loses_reply)) {
            fail(who, what, "its reply was lost");
        }
        timeline_.pass(random_.between(0, plan_.latency));
    }
    [[noreturn]] void fail(const Caller& who, const char* what, const char* how) {
        ++failures_;
        history_.note(who.name, [&] { return "! " + std::string(what) + ": " + how; });
        throw Refusal(RefusalKind::Transient, "Timeout", std::string(what) + ": " + how);
    }
    [[noreturn]] void crash(const Caller& who, const char* what, const char* when) {
        ++crashes_;
        history_.note(who.name, [&] { return std::string("!! dies ") + when + " " + what; });
        throw Crash{};
    }

    Timeline& timeline_;
    History& history_;
    Random random_;
    FaultPlan plan_;
    std::vector<Ambush> ambushes_;
    bool is_over_ = false;
    std::uint64_t effects_ = 0;
    std::uint64_t crashes_ = 0;
    std::uint64_t failures_ = 0;
};

}  // namespace djdb::model
