#include "reconcilers/status/status.hpp"

#include "crds/text.hpp"
#include "reconcilers/resync/write_backoff.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/status/requeue.hpp"

#include <algorithm>

namespace djdb {
namespace {

constexpr std::chrono::seconds kLongestSilence{60};
/// As the schema of status.drift has it.
constexpr std::size_t kMostDrift = 64;
constexpr std::size_t kLongestDrift = 512;

const Finding& finding_of(const Verdict& verdict) {
    return std::visit([](const auto& v) -> const Finding& { return v.finding; }, verdict);
}

ConditionStatus status_of(const Verdict& verdict) {
    const auto* satisfied = std::get_if<Satisfied>(&verdict);
    if (satisfied != nullptr) {
        if (satisfied->finding.reason == Reason::NoWorkload) {
            return ConditionStatus::Unknown;
        }
        return satisfied->doubted ? ConditionStatus::False : ConditionStatus::True;
    }
    return ConditionStatus::False;
}

Condition make(
    const Desired& desired, ConditionType type, ConditionStatus status, Finding finding
) {
    return Condition{
        type,
        status,
        finding.reason,
        std::move(finding.message),
        desired.object.meta.generation,
        {}};
}

/// The result whose step failed: steps are numbered through all results.
const StageResult* failed_result(const Assessment& assessment, const Report& report) {
    std::size_t planned = 0;
    for (const auto& result : assessment.results) {
        if (const auto* act = std::get_if<Act>(&result.verdict)) {
            planned += act->steps.size();
            if (report.failure && report.done < planned) {
                return &result;
            }
        }
    }
    return nullptr;
}

/// Of a step of deletion that the server refused: waiting need not help, so the way out is told.
bool offers_orphan(const Report& report) {
    return report.failed_step == to_string(Step{RetireTenant{}}) ||
           report.failed_step == to_string(Step{DropTenant{}});
}

std::string what_helps(const Desired& desired, const Report& report, const Failure& failure) {
    if (is_refused_write(failure)) {
        return " It is tried again every 5 minutes, and at once when this resource's spec or a "
               "labelled Deployment's Pod template changes.";
    }
    return offers_orphan(report) ? how_to_orphan(desired) : "";
}

/// There was a time when all was as asked for: what differs now is drift and not yet to be done.
bool is_comparable(const Observed& observed) {
    return observed.tenant && observed.tenant->claim == ClaimState::Mine &&
           observed.tenant->was_configured;
}

std::vector<std::string> sentences_of(const std::vector<Drift>& drift) {
    std::vector<std::string> sentences;
    for (const auto& one : drift) {
        if (sentences.size() < kMostDrift) {
            sentences.push_back(beginning_of(one.sentence, kLongestDrift));
        }
    }
    return sentences;
}

bool only_observes(const Desired& desired) {
    return desired.object.spec.mode == Mode::Observe && !desired.object.meta.being_deleted;
}

std::string phase_of(const Desired& desired, const StageResult* stopped) {
    if (only_observes(desired)) {
        return "Observing";
    }
    return stopped == nullptr ? "Ready" : std::string(stopped->phase);
}

/// What would be done instead of what is being done.
Finding observe_only(const Assessment& assessment, Finding finding) {
    std::string steps;
    for (const auto& step : assessment.steps()) {
        steps += (steps.empty() ? "" : ", ") + std::string(to_string(step));
    }
    const auto* stopped = assessment.stopped_at();
    if (stopped != nullptr && !std::holds_alternative<Act>(stopped->verdict)) {
        return finding;
    }
    return {
        Reason::ObserveOnly,
        steps.empty()
            ? "Mode Observe: nothing is to be done, and no release goes on."
            : "Mode Observe: nothing was changed. To be done with mode Apply: " + steps + "."};
}

void add_summary(
    const Desired& desired,
    const StageResult* stopped,
    const Finding& finding,
    bool stalled,
    std::vector<Condition>& conditions
) {
    if (only_observes(desired)) {
        conditions.push_back(make(desired, ConditionType::Ready, ConditionStatus::False, finding));
        return;
    }
    if (stopped == nullptr) {
        conditions.push_back(make(
            desired,
            ConditionType::Ready,
            ConditionStatus::True,
            {Reason::Ready,
             "Database \"" + desired.names.database.str() + "\" is ready; Secret \"" +
                 desired.secret_name.str() + "\" is published."}
        ));
        return;
    }
    conditions.push_back(make(desired, ConditionType::Ready, ConditionStatus::False, finding));
    conditions.push_back(make(
        desired,
        stalled ? ConditionType::Stalled : ConditionType::Reconciling,
        ConditionStatus::True,
        finding
    ));
}

std::string state_of(const Desired& desired, const Workload& workload) {
    if (is_paused_by_user(workload)) {
        return "PausedByUser";
    }
    if (is_held(workload)) {
        return "Held";
    }
    return is_rolled_out(desired, workload) ? "RolledOut" : "RollingOut";
}

void add_release(
    const Desired& desired, const Observed& observed, bool settled, DjangoDatabaseStatus& status
) {
    for (const auto& workload : observed.workloads) {
        const auto image = app_image(workload, desired.object.spec.app);
        status.workloads.push_back(
            {workload.meta.key.name.str(),
             image ? image->str() : "",
             state_of(desired, workload),
             is_rolled_out(desired, workload) ? template_hash(workload) : ""}
        );
    }
    status.release = desired.object.status.release;
    const auto image = observed.workloads.empty() ? std::nullopt : common_image(desired, observed);
    if (settled && image) {
        status.release.current = image->str();
    }
    status.release.target = image && image->str() != status.release.current ? image->str() : "";
    const auto* source = migration_source(observed);
    if (source == nullptr || !image) {
        return;
    }
    const auto revision = revision_of(desired, *source, *image);
    for (const auto& job : observed.jobs) {
        if (job.revision == revision) {
            status.release.job = job.name;
        }
    }
}

}  // namespace

bool needs_a_person(const Failure& failure) {
    switch (failure.kind) {
        case FailureClass::Transient:
            return false;
        case FailureClass::Conflict:
            return failure.code == "SecretConflict";
        case FailureClass::Forbidden:
        case FailureClass::Invalid:
        case FailureClass::Terminal:
            break;
    }
    return true;
}

bool makes_unknown(const Failure& failure, std::chrono::seconds since) {
    return failure.kind != FailureClass::Transient || since >= kLongestSilence;
}

Reason reason_of(const Failure& failure) {
    if (const auto reason = parse_reason(failure.code)) {
        return *reason;
    }
    if (failure.code == "ClaimedByOther") {
        return Reason::OwnershipConflict;
    }
    if (failure.code == "ForeignRole") {
        return Reason::RoleConflict;
    }
    if (failure.origin != FailureOrigin::Kubernetes) {
        return Reason::ServerError;
    }
    if (is_refused_write(failure)) {
        return Reason::WriteRefused;
    }
    return failure.kind == FailureClass::Forbidden ? Reason::RightsMissing : Reason::ApiError;
}

namespace {

/// Why it stopped: what a stage said, or what a step of it met.
Finding finding_of_stop(
    const Desired& desired,
    const Assessment& assessment,
    const Report& report,
    const StageResult* failed,
    const StageResult* stopped
) {
    Finding finding = stopped == nullptr ? Finding{} : finding_of(stopped->verdict);
    if (failed != nullptr && report.failure) {
        finding = {
            reason_of(*report.failure),
            report.failed_step + ": " + report.failure->message +
                what_helps(desired, report, *report.failure)};
    }
    return only_observes(desired) ? observe_only(assessment, std::move(finding)) : finding;
}

struct Stop {
    const Assessment& assessment;
    const StageResult* at;
    const Finding& finding;
};

/// One for each stage; those behind the stop are Unknown, but for drift, which is always compared.
std::vector<Condition> conditions_of(
    const Desired& desired,
    const Observed& observed,
    std::span<const Stage> stages,
    const Stop& stop
) {
    std::vector<Condition> conditions;
    const auto add = [&](ConditionType type, ConditionStatus status, Finding finding) {
        conditions.push_back(make(desired, type, status, std::move(finding)));
    };
    const auto& results = stop.assessment.results;
    bool is_behind = false;
    for (const auto& stage : stages) {
        const auto result = std::ranges::find(results, stage.condition, &StageResult::condition);
        if (stage.condition == ConditionType::InSync && is_comparable(observed)) {
            const auto verdict = stage.assess(desired, observed);
            add(stage.condition, status_of(verdict), finding_of(verdict));
        } else if (is_behind || result == results.end()) {
            add(stage.condition,
                ConditionStatus::Unknown,
                {Reason::WaitingForEarlierStage, "Waits for an earlier condition."});
        } else if (&*result == stop.at) {
            add(stage.condition, ConditionStatus::False, stop.finding);
            is_behind = true;
        } else {
            add(stage.condition, status_of(result->verdict), finding_of(result->verdict));
        }
    }
    return conditions;
}

}  // namespace

DjangoDatabaseStatus derive_status(
    const Desired& desired,
    const Observed& observed,
    std::span<const Stage> stages,
    const Assessment& assessment,
    const Report& report
) {
    DjangoDatabaseStatus status;
    status.observed_generation = desired.object.meta.generation;
    status.secret_name = desired.object.undecodable.empty() ? desired.secret_name.str()
                                                            : desired.object.status.secret_name;
    const bool is_configured = observed.tenant && observed.tenant->claim == ClaimState::Mine &&
                               observed.tenant->database_is_configured;
    status.database_oid =
        is_configured ? observed.tenant->database_oid : desired.object.status.database_oid;
    const auto* failed = is_overtaken(report) ? nullptr : failed_result(assessment, report);
    const auto* stopped = failed != nullptr ? failed : assessment.stopped_at();
    const auto stop_finding = finding_of_stop(desired, assessment, report, failed, stopped);
    auto conditions = conditions_of(desired, observed, stages, {assessment, stopped, stop_finding});
    const bool stalled =
        failed != nullptr ? report.failure && needs_a_person(*report.failure)
                          : stopped != nullptr && std::holds_alternative<Blocked>(stopped->verdict);
    add_summary(desired, stopped, stop_finding, stalled, conditions);
    status.phase = phase_of(desired, stopped);
    if (is_comparable(observed)) {
        status.drift = sentences_of(known(observed.tenant).drift);
    }
    add_release(desired, observed, stopped == nullptr, status);
    status.conditions =
        merge(desired.object.status.conditions, std::move(conditions), observed.now);
    return status;
}

DjangoDatabaseStatus derive_unknown_status(
    const DjangoDatabase& object, const Failure& failure, TimePoint now
) {
    auto status = object.status;
    std::erase_if(status.conditions, [](const Condition& condition) {
        return condition.type == ConditionType::Ready;
    });
    status.conditions.push_back(Condition{
        ConditionType::Ready,
        ConditionStatus::Unknown,
        reason_of(failure),
        failure.message,
        object.meta.generation,
        {}});
    status.conditions = merge(object.status.conditions, std::move(status.conditions), now);
    return status;
}

}  // namespace djdb
