#include "reconcilers/resync/write_backoff.hpp"

#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/failure_reason.hpp"

namespace djdb {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenTries = 5min;

}  // namespace

std::string input_fingerprint(const Desired& desired, const Observed& observed) {
    auto input = std::to_string(desired.object.meta.generation);
    for (const auto& workload : observed.release.workloads) {
        input += ' ';
        input += template_hash(workload);
    }
    return input;
}

WriteBackoffs still_in_force(const WriteBackoffs& last, const std::string& input, TimePoint now) {
    auto in_force = last;
    std::erase_if(in_force, [&](const auto& entry) {
        return entry.second.input != input || now >= entry.second.until;
    });
    return in_force;
}

WriteBackoffs backoffs_after(
    WriteBackoffs in_force, const Outcomes& outcomes, const std::string& input, TimePoint now
) {
    for (const auto& outcome : outcomes) {
        if (outcome.failure && is_refused_write(*outcome.failure)) {
            in_force.try_emplace(
                outcome.step, WriteBackoff{input, *outcome.failure, now + kBetweenTries}
            );
        }
    }
    return in_force;
}

}  // namespace djdb
