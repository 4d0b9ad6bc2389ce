// The rules about backups: none of a migration without one that a person could go back to.
#include "tests/model/world/rules.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

/// Clocks of Kubernetes have whole seconds.
constexpr Millis kSecond = 1'000;

}  // namespace

void Rules::note_pass(const std::string& database, Millis now) {
    if (const auto* its = postgres_.find(database)) {
        passes_.push_back({its->oid, now, its->migrations});
    }
}

void Rules::forget_passes(Millis since) {
    std::erase_if(passes_, [&](const Pass& pass) { return pass.at > since; });
}

/// As far as whoever began to look at this time could know.
bool Rules::is_good_for(
    const Dump& dump, const Job& job, const BackupSpec& spec, const PgDatabase& database, Millis now
) const {
    const bool is_of_before = std::ranges::any_of(passes_, [&](const Pass& pass) {
        return pass.database == database.oid && pass.at <= now &&
               (dump.begun < pass.at || !std::ranges::includes(dump.migrations, pass.migrations));
    });
    const auto attempt = attempts_.find(job.revision);
    const bool has_begun_behind_it =
        attempt != attempts_.end() && attempt->second + kSecond > dump.ended;
    const Millis age = now - dump.ended;
    return dump.database == database.oid && !is_of_before &&
           std::ranges::includes(database.migrations, dump.migrations) &&
           (age < Millis{spec.max_age.count()} * 1'000 + kSecond || has_begun_behind_it);
}

void Rules::before_migration_behind_backup(const Job& job, const Seen& seen) {
    const auto* database = postgres_.find(job.database);
    if (!seen.object || database == nullptr) {
        return;
    }
    const auto& spec = seen.object->spec.backup;
    const bool may_change_nothing = job.approved && job.approved->empty();
    if (spec.when == BackupWhen::Never ||
        (spec.when == BackupWhen::BeforeMigrate && may_change_nothing)) {
        return;
    }
    if (std::ranges::none_of(dumps_, [&](const Dump& dump) {
            return is_good_for(dump, job, spec, *database, seen.at);
        })) {
        violated("S20: " + job.meta.key.name.str() + " migrates without a backup of before it");
    }
}

/// One that is being removed has been told to end, and of one on a lost node nobody knows. One that was made a moment ago
/// under another name, before the spec changed, may not be seen yet: both are of use to somebody, and neither does harm.
void Rules::backup_begins(const Job& job) {
    for (const auto& [key, other] : api_.jobs.all()) {
        const auto pod = api_.pods.find(key);
        const bool has_begun = pod && (!pod->is_initializing || !pod->init_container.empty());
        const bool may_be_unseen = other->revision != job.revision &&
                                   job.created - other->created < std::chrono::minutes{1};
        if (key != job.meta.key && !may_be_unseen && other->kind == JobKind::Backup &&
            other->controller == job.controller && has_begun && is_underway(*other) &&
            !other->meta.being_deleted && !has_rivals) {
            violated(
                "S20: two backups at once: " + key.name.str() + " and " + job.meta.key.name.str()
            );
        }
    }
}

}  // namespace djdb::model
