#include "tests/model/undisturbed.hpp"

#include "tests/model/simulation.hpp"

#include <algorithm>
#include <iterator>

namespace djdb::model {
namespace {

/// All comes to rest in less.
constexpr Millis kBetweenDeeds = 120'000;
/// As many as fit into some 30 MB.
constexpr std::size_t kMostKnown = 4'000;

}  // namespace

const Ending& Undisturbed::of(const std::vector<Deed>& deeds) {
    std::vector<Deed> plan;
    std::ranges::copy_if(deeds, std::back_inserter(plan), [](Deed deed) {
        return meaning_of(deed) == Meaning::Plan;
    });
    if (const auto found = known_.find(plan); found != known_.end()) {
        return found->second;
    }
    if (known_.size() >= kMostKnown) {
        known_.clear();
    }
    Course course;
    course.script = script_of(plan, kBetweenDeeds);
    course.faults.latency = 0;
    course.faults.lag = 1;
    auto outcome = play(course, false);
    if (outcome.violation) {
        outcome.ending.facts["undisturbed"] = *outcome.violation;
    }
    return known_.emplace(std::move(plan), std::move(outcome.ending)).first->second;
}

}  // namespace djdb::model
