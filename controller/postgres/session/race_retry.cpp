#include "controller/postgres/session/race_retry.hpp"

#include "controller/postgres/diagnosis/sql_state.hpp"
#include "reconcilers/ports/failure.hpp"

#include <chrono>
#include <random>
#include <thread>

namespace djdb::postgres {
namespace {

constexpr int kMostAttempts = 5;
/// A race is over by then. Who waits for longer, for a lock above all, holds a worker and a session:
/// the queue tries again.
constexpr std::chrono::seconds kLongestRace{2};

/// 40, 80, 160 .. ms, each between half and whole, so that two writers part.
void pause_before_retry(int attempt, const CallContext& call) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const int longest = 20 << attempt;
    std::uniform_int_distribution<int> spread(longest / 2, longest);
    const auto until = call.deadline.or_earlier(std::chrono::milliseconds{spread(random)});
    std::this_thread::sleep_until(until.at());
}

}  // namespace

void repeat_races(const CallContext& call, const std::function<void()>& work) {
    const auto until = call.deadline.or_earlier(kLongestRace);
    for (int attempt = 1;; ++attempt) {
        try {
            work();
            return;
        } catch (const Error& error) {
            const bool goes_on = is_race(error.failure().code) && attempt < kMostAttempts &&
                                 !call.stop.stop_requested() && !until.has_passed();
            if (!goes_on) {
                throw;
            }
        }
        pause_before_retry(attempt, call);
    }
}

}  // namespace djdb::postgres
