#include "reconcilers/resync/write_backoff.hpp"

#include "reconcilers/execute/execute.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

namespace djdb {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenTries = 5min;

}  // namespace

bool is_refusal(const Failure& failure) {
    return failure.origin == FailureOrigin::Kubernetes && failure.kind == FailureClass::Invalid;
}

std::string question_of(const Desired& desired, const Observed& observed) {
    auto question = std::to_string(desired.object.meta.generation);
    for (const auto& workload : observed.workloads) {
        question += " " + template_hash(workload);
    }
    return question;
}

std::optional<Refusal> still_holding(
    const std::optional<Refusal>& last, const std::string& question, TimePoint now
) {
    return last && last->question == question && now < last->until ? last : std::nullopt;
}

std::optional<Refusal> refusal_after(
    const std::optional<Refusal>& holding,
    const Report& report,
    const std::string& question,
    TimePoint now
) {
    if (!report.failure || !is_refusal(*report.failure)) {
        return holding;
    }
    if (holding && holding->step == report.failed_step) {
        return holding;
    }
    return Refusal{report.failed_step, question, *report.failure, now + kBetweenTries};
}

}  // namespace djdb
