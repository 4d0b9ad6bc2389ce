#include "reconcilers/resync/write_backoff.hpp"

#include "reconcilers/execute/execute.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

namespace djdb {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenTries = 5min;

}  // namespace

bool is_refused_write(const Failure& failure) {
    return failure.origin == FailureOrigin::Kubernetes && failure.kind == FailureClass::Invalid;
}

std::string input_fingerprint(const Desired& desired, const Observed& observed) {
    auto input = std::to_string(desired.object.meta.generation);
    for (const auto& workload : observed.workloads) {
        input += " " + template_hash(workload);
    }
    return input;
}

std::optional<WriteBackoff> still_in_force(
    const std::optional<WriteBackoff>& last, const std::string& input, TimePoint now
) {
    return last && last->input == input && now < last->until ? last : std::nullopt;
}

std::optional<WriteBackoff> backoff_after(
    const std::optional<WriteBackoff>& holding,
    const Report& report,
    const std::string& input,
    TimePoint now
) {
    if (!report.failure || !is_refused_write(*report.failure)) {
        return holding;
    }
    if (holding && holding->step == report.failed_step) {
        return holding;
    }
    return WriteBackoff{report.failed_step, input, *report.failure, now + kBetweenTries};
}

}  // namespace djdb
