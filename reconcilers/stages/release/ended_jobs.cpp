#include "reconcilers/stages/release/ended_jobs.hpp"

#include "reconcilers/jobs/answer.hpp"

#include <string>
#include <utility>
#include <variant>

namespace djdb {

std::vector<Step> let_go(
    const std::vector<JobRun>& jobs,
    JobKind kind,
    const std::function<bool(const JobRun&)>& is_waited_for
) {
    std::vector<Step> steps;
    std::vector<std::string> finished;
    for (const auto& job : jobs) {
        if (job.kind != kind || job.being_deleted || is_waited_for(job)) {
            continue;
        }
        if (!is_over(read_end(job)) || outlives_its_part(job)) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        } else if (!job.expires) {
            finished.push_back(job.name);
        }
    }
    if (!finished.empty()) {
        steps.emplace_back(ExpireJobs{std::move(finished)});
    }
    return steps;
}

std::vector<Step> remove_others(
    const std::vector<JobRun>& jobs, JobKind kind, const std::string& proves, const JobRun* last
) {
    std::vector<Step> steps;
    for (const auto& job : jobs) {
        const bool stays = &job == last && is_over(read_end(job));
        if (job.kind == kind && job.proves == proves && !stays && !job.being_deleted) {
            steps.emplace_back(RemoveJob{job.name, job.uid});
        }
    }
    return steps;
}

std::optional<Act> keep_answer(const JobRun& job, Finding finding) {
    if (!would_lose_its_answer(job)) {
        return std::nullopt;
    }
    return act_and_stop(std::move(finding), {LiftJobDeadline{job.name, job.uid}});
}

Verdict with_answer_kept(const JobRun& job, Verdict verdict) {
    if (std::holds_alternative<Act>(verdict)) {
        return verdict;
    }
    auto finding = std::visit([](const auto& found) { return found.finding; }, verdict);
    auto kept = keep_answer(job, std::move(finding));
    return kept ? Verdict(*std::move(kept)) : verdict;
}

}  // namespace djdb
