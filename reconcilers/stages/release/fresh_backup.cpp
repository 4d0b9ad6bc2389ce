#include "reconcilers/stages/release/fresh_backup.hpp"

#include "reconcilers/jobs/exit_code.hpp"
#include "reconcilers/ports/content_name.hpp"
#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace djdb {
namespace {

/// By the node's clock, unless that is behind: then every backup would be too old, and another one made without end. The
/// Job controller's is not taken else, since it waits for containers beside ours.
TimePoint end_of(const JobRun& job) {
    const auto end = read_end(job);
    const auto* answered = std::get_if<Answered>(&end);
    const auto by_its_node = answered == nullptr ? TimePoint{} : answered->finished;
    return by_its_node >= job.created ? by_its_node : std::max(job.finished, job.created);
}

/// All but an attempt whose program never ran, or says that it did not come as far as that.
bool may_have_changed_something(const JobRun& migration) {
    const auto end = read_end(migration);
    if (const auto* silent = std::get_if<NoAnswer>(&end)) {
        return silent->reason != kInitContainerFailed && silent->reason != "StartError";
    }
    const auto* answered = std::get_if<Answered>(&end);
    const bool was_kept_out =
        answered != nullptr && (has_met_another_plan(migration) ||
                                answered->exit_code == static_cast<int>(ExitCode::Unreachable));
    return !was_kept_out || !answered->applied.empty();
}

}  // namespace

std::optional<KeptDump> kept_by(const JobRun& job) {
    const auto end = read_end(job);
    const auto* answered = std::get_if<Answered>(&end);
    return answered != nullptr && answered->ok && !answered->dump.file.empty()
               ? std::optional(answered->dump)
               : std::nullopt;
}

bool changes_nothing(const Desired& desired, const Observed& observed, const Workload& source) {
    return desired.object.spec.backup.when == BackupWhen::BeforeMigrate &&
           has_nothing_pending(find_plan(desired, observed, source));
}

std::string backup_name(const Desired& desired, const Observed& observed) {
    const auto& spec = desired.object.spec.backup;
    auto text = desired.object.meta.uid.str() + "\n" + spec.claim_name + "\n" + spec.image + "\n" +
                std::to_string(spec.deadline.count());
    for (const auto* quantities : {&spec.resources.requests, &spec.resources.limits}) {
        text += '\n';
        for (const auto& [name, quantity] : *quantities) {
            text += name + "=" + quantity + ";";
        }
    }
    if (observed.server.access) {
        // Of a server that was restored none from before counts, though its ledger may say that nothing passed since.
        const auto& server = observed.server.access->address.identity.expected;
        text += "\n" + server.system_identifier + "\n" + std::to_string(server.timeline);
    }
    if (observed.tenant) {
        text += "\n" + observed.tenant->database_oid;
        if (const auto& passed = observed.tenant->passed_templates; !passed.empty()) {
            text += "\n" + passed.back().app_template + "\n" + passed.back().applied + "\n" +
                    passed.back().job.str();
        }
    }
    return name_by_content(text);
}

std::optional<Backup> find_backup(const Desired& desired, const Observed& observed) {
    const auto name = backup_name(desired, observed);
    std::optional<Backup> last;
    for (const auto& job : observed.jobs) {
        const bool counts =
            job.kind == JobKind::Backup && job.proves == name && !job.being_deleted && !job.expires;
        auto dump = counts ? kept_by(job) : std::nullopt;
        if (dump && (!last || last->finished < end_of(job))) {
            last = Backup{&job, *std::move(dump), end_of(job)};
        }
    }
    return last;
}

bool is_fresh(
    const Desired& desired, const Observed& observed, const Workload& source, const Backup& backup
) {
    if (observed.now - backup.finished <= desired.object.spec.backup.max_age) {
        return true;
    }
    const auto revision = revision_of(desired, observed, source);
    return std::ranges::any_of(observed.jobs, [&](const JobRun& job) {
        return job.kind == JobKind::Migrate && job.revision == revision &&
               job.created >= backup.job->created && may_have_changed_something(job);
    });
}

std::optional<Backup> find_backup_of_release(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(desired, observed);
    if (desired.object.spec.backup.when == BackupWhen::Never || source == nullptr ||
        !is_to_be_proven(desired, observed, *source) ||
        changes_nothing(desired, observed, *source)) {
        return std::nullopt;
    }
    auto backup = find_backup(desired, observed);
    return backup && is_fresh(desired, observed, *source, *backup) ? backup : std::nullopt;
}

}  // namespace djdb
