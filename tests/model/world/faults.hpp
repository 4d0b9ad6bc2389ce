// What can go wrong with a call of one operator process: it fails before it has an effect, its reply
// is lost, or the process dies right before or right after the effect.
#pragma once

#include "tests/model/world/history.hpp"
#include "tests/model/world/random.hpp"
#include "tests/model/world/refusal.hpp"
#include "tests/model/world/timeline.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace djdb::model {

/// Ends a run as SIGKILL would. No std::exception: nothing in the product may catch it.
struct Crash {};

[[noreturn]] inline void die() {
    throw Crash{};  // NOLINT(bugprone-std-exception-baseclass): see above
}

/// A process as the world knows it.
struct Caller {
    std::string name;
    bool is_alive = true;
};

/// What can go wrong at an effect.
enum class Mishap { None, DiesBefore, DiesAfter, Fails, LosesReply };

/// Of one history. Rates are in thousandths of calls.
struct FaultPlan {
    int fails = 0;
    int loses_reply = 0;
    int crashes = 0;
    int pauses = 0;
    /// Goes wrong so at the effect of this number, counted over all processes; 0: at none.
    std::uint64_t marked = 0;
    Mishap mishap = Mishap::None;
    /// Calls take up to so long.
    Millis latency = 4;
    /// Watches lag up to so long, and now and then for much longer.
    Millis lag = 40;
    int long_lags = 0;
};

/// A call that changes something: what it does, and to which object where there are many.
struct Effect {
    // Literals are effects without an object.
    Effect(const char* its_kind) : kind(its_kind) {}  // NOLINT(misc-explicit-constructor)
    Effect(const char* its_kind, const std::string& its_object)
        : kind(its_kind), object(its_object) {}
    [[nodiscard]] std::string name() const {
        return std::string(kind) + (object.empty() ? "" : " ") + std::string(object);
    }

    const char* kind;
    std::string_view object;
};

/// How many of each kind there were.
using EffectCounts = std::map<std::string_view, std::uint64_t>;

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
    [[nodiscard]] const EffectCounts& counts() const { return counts_; }
    [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    [[nodiscard]] Millis failed_at() const { return failed_at_; }
    /// Calls that took very long, and watches that lagged so.
    [[nodiscard]] std::uint64_t delays() const { return delays_; }

    /// A call that reads. Time passes, or the caller learns nothing.
    void read(const Caller& who, const char* what) {
        travel(who);
        if (random_.chance(plan_.fails)) {
            fail(who, what, "it failed");
        }
    }

    /// A call, or a part of one, that changes something.
    template <class Apply>
    auto effect(const Caller& who, const Effect& what, Apply&& apply) {
        travel(who);
        ++counts_[what.kind];
        const auto mishap = ++effects_ == plan_.marked ? plan_.mishap : Mishap::None;
        if (mishap == Mishap::Fails || random_.chance(plan_.fails)) {
            fail(who, what, "it failed before it did anything");
        }
        if (mishap == Mishap::DiesBefore || random_.chance(plan_.crashes)) {
            crash(who, what, "before");
        }
        spring(what);
        history_.note(who.name, [&] { return what.name(); });
        if constexpr (std::is_void_v<decltype(apply())>) {
            apply();
            end_effect(who, what, mishap);
        } else {
            auto result = apply();
            end_effect(who, what, mishap);
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
            ++delays_;
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
    void spring(const Effect& effect) {
        if (ambushes_.empty()) {
            return;
        }
        const auto what = effect.name();
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
            ++delays_;
            timeline_.pass(random_.between(500, 40'000));
        } else {
            timeline_.pass(random_.between(0, plan_.latency));
        }
        if (!who.is_alive) {
            die();
        }
    }
    void end_effect(const Caller& who, const Effect& what, Mishap mishap) {
        if (mishap == Mishap::DiesAfter || random_.chance(plan_.crashes)) {
            crash(who, what, "after");
        }
        if (mishap == Mishap::LosesReply || random_.chance(plan_.loses_reply)) {
            fail(who, what, "its reply was lost");
        }
        timeline_.pass(random_.between(0, plan_.latency));
    }
    [[noreturn]] void fail(const Caller& who, const Effect& what, const char* how) {
        ++failures_;
        failed_at_ = timeline_.now();
        history_.note(who.name, [&] { return "! " + what.name() + ": " + how; });
        throw Refusal(RefusalKind::Transient, "Timeout", what.name() + ": " + how);
    }
    [[noreturn]] void crash(const Caller& who, const Effect& what, const char* when) {
        ++crashes_;
        history_.note(who.name, [&] { return std::string("!! dies ") + when + " " + what.name(); });
        die();
    }

    Timeline& timeline_;
    History& history_;
    Random random_;
    FaultPlan plan_;
    std::vector<Ambush> ambushes_;
    bool is_over_ = false;
    std::uint64_t effects_ = 0;
    EffectCounts counts_;
    std::uint64_t crashes_ = 0;
    std::uint64_t failures_ = 0;
    Millis failed_at_ = -1'000'000;
    std::uint64_t delays_ = 0;
};

}  // namespace djdb::model
