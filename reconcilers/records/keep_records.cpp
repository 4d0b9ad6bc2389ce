#include "reconcilers/records/keep_records.hpp"

#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/manifests/release_record.hpp"
#include "reconcilers/records/history.hpp"
#include "reconcilers/records/progress.hpp"
#include "reconcilers/records/released.hpp"
#include "reconcilers/records/secrets_of.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace djdb {
namespace {

bool is_kept(const Assessment& assessment) {
    const auto* lane = assessment.find(LaneId::Release);
    return lane != nullptr && lane->lane->mode == Mode::Apply;
}

/// The gate found nothing that a person has to settle first, such as Deployments of which one has the new image and the
/// next one not yet.
bool may_begin(const Assessment& assessment, const Desired& desired, const Observed& observed) {
    const auto* lane = assessment.find(LaneId::Release);
    return lane != nullptr && common_image(desired, observed) &&
           std::ranges::any_of(lane->results, [](const StageResult& result) {
               return result.condition == ConditionType::PreflightPassed ||
                      std::holds_alternative<Act>(result.verdict);
           });
}

/// It succeeded once, and the database has changed since: what follows is another release of the same.
bool is_to_be_repeated(
    const DjangoRelease& record, const Desired& desired, const Observed& observed
) {
    return record.status.outcome == ReleaseOutcome::Succeeded &&
           std::ranges::any_of(observed.release.workloads, [&](const Workload& workload) {
               return is_to_be_proven(desired, observed, workload);
           });
}

}  // namespace

template <class Work>
void RecordKeeper::attempt(Work&& work) {
    try {
        work();
    } catch (const Error& error) {
        if (!failure_) {
            failure_ = error.failure();
        }
    }
}

void RecordKeeper::begin(const Assessment& assessment) {
    if (is_kept(assessment)) {
        attempt([&] { find_or_make(assessment); });
        read_sources();
    }
}

void RecordKeeper::find_or_make(const Assessment& assessment) {
    auto records = records_.list(desired_.object.meta.key);
    if (!records) {
        waits_for_cache_ = true;
        return;
    }
    others_ = *std::move(records);
    const auto* last = newest(others_);
    const auto spec = released_now(desired_, observed_);
    if (spec && may_begin(assessment, desired_, observed_) &&
        (last == nullptr || last->spec.revision != spec->revision ||
         is_to_be_repeated(*last, desired_, observed_))) {
        current_ = make(*spec);
    } else if (last != nullptr) {
        current_ = *last;
    }
    std::erase_if(others_, [&](const DjangoRelease& other) {
        return current_ && other.meta.key == current_->meta.key;
    });
}

/// Names that somebody else has taken are left to him.
DjangoRelease RecordKeeper::make(const DjangoReleaseSpec& spec) {
    constexpr int kMostTries = 10;
    for (auto number = next_number(others_), last = number + kMostTries - 1;; ++number) {
        const auto name = desired_.object.meta.key.name.str() + "-" + std::to_string(number);
        try {
            auto made = records_.create(render_release_record(desired_, name, spec), call_);
            if (made.spec.revision != spec.revision) {
                throw Error(Failure{
                    FailureClass::Conflict,
                    FailureOrigin::Kubernetes,
                    "409 Conflict",
                    "DjangoRelease \"" + name +
                        "\" is of another release, which the cache did not show",
                    {}});
            }
            return made;
        } catch (const Error& error) {
            if (error.failure().code != "NameTaken" || number == last) {
                throw;
            }
        }
    }
}

void RecordKeeper::read_sources() {
    const bool has_open_ones = std::ranges::any_of(others_, [](const DjangoRelease& other) {
        return has_open_jobs(other.status);
    });
    if (!current_ || (is_all_told(*current_) && !has_open_ones)) {
        return;
    }
    sources_.secrets = secrets_of(observed_);
    auto to_read = jobs_to_read(*current_, others_, desired_, observed_);
    for (const auto& other : others_) {
        if (has_open_jobs(other.status)) {
            std::ranges::copy(
                jobs_to_read(other, {}, desired_, observed_), std::back_inserter(to_read)
            );
        }
    }
    for (const auto* job : to_read) {
        sources_.logs[job->name] = read(*job);
    }
    if (has_rollouts_to_name(*current_, desired_, observed_)) {
        attempt([&] {
            sources_.rolled = cluster_.read_rolled_templates(desired_.object.meta.key.ns, call_);
        });
    }
}

JobLog RecordKeeper::read(const JobRun& job) const {
    const auto* pod = last_ended(job);
    if (pod == nullptr || !pod->end) {
        return without_log("its Pod is gone", "", sources_.secrets);
    }
    const auto& kept = pod->end->answer_text;
    try {
        const ObjectKey key{desired_.object.meta.key.ns, ObjectName(job.name)};
        return read_job_log(records_.read_log(key, pod->name, call_), kept, sources_.secrets);
    } catch (const Error& error) {
        return without_log(error.failure().message, kept, sources_.secrets);
    }
}

void RecordKeeper::finish(const Assessment& assessment, const std::vector<LaneStop>& stops) {
    if (!current_) {
        return;
    }
    const auto& current = *current_;
    write(
        current, derive_progress(current, others_, desired_, observed_, assessment, stops, sources_)
    );
    tidy(current.meta.key.name.str(), assessment, stops);
}

/// Also what an earlier run left, which died or was refused in the midst of it.
void RecordKeeper::tidy(
    const std::string& current, const Assessment& assessment, const std::vector<LaneStop>& stops
) {
    for (const auto& other : others_) {
        if (!is_closed(other)) {
            write(other, superseded(other, current, observed_.now));
        } else {
            write(
                other, derive_progress(other, {}, desired_, observed_, assessment, stops, sources_)
            );
        }
    }
    const auto limit = static_cast<std::size_t>(desired_.object.spec.release_history_limit);
    for (const auto& record : to_forget(others_, limit)) {
        attempt([&] { records_.remove(record, call_); });
    }
}

void RecordKeeper::write(const DjangoRelease& record, const DjangoReleaseStatus& status) {
    if (status != record.status) {
        attempt([&] { records_.patch_status(record, status, call_); });
    }
}

}  // namespace djdb
