// The rules about Jobs: what is tried out first, and that no migration runs beside another one or twice.
#include "tests/model/world/rules.hpp"

#include <algorithm>
#include <utility>

namespace djdb::model {

void Rules::before_job(const Job& job, const Seen& seen) {
    if (api_.jobs.find(job.meta.key)) {
        return;  // AlreadyExists
    }
    if (job.kind == JobKind::Migrate) {
        before_migration(job);
        before_migration_behind_backup(job, seen);
    } else if (job.kind == JobKind::Verify) {
        before_verification(job, seen);
    }
}

void Rules::after_job(const ObjectKey& key, Millis now) {
    jobs_made_.insert(key);
    const auto job = api_.jobs.find(key);
    if (job && job->kind == JobKind::Migrate) {
        attempts_[job->revision] = now;
    } else if (job && job->kind == JobKind::Verify) {
        note_verification(*job, now);
    }
}

void Rules::before_migration(const Job& job) {
    if (!tried_.contains({job.database, job.image})) {
        violated("S18: " + job.meta.key.name.str() + " migrates before a probe has passed");
    }
    // What an operator sees may be older than that.
    constexpr std::chrono::seconds kOldest{60};
    if (approval_asked_ && api_.wall_clock() - *approval_asked_ > kOldest &&
        !(job.approved && (job.approved->empty() || approved_.contains(*job.approved)))) {
        violated("S19: " + job.meta.key.name.str() + " migrates what nobody has approved");
    }
    for (const auto& [key, other] : api_.jobs.all()) {
        if (other->kind != JobKind::Migrate) {
            continue;
        }
        const bool is_same = other->revision == job.revision && other->attempt == job.attempt &&
                             other->controller == job.controller;
        if (is_same) {
            violated(
                "F71: a second Job for revision " + job.revision + " attempt " +
                std::to_string(job.attempt)
            );
        }
        const bool is_last_try = other->revision == job.revision &&
                                 other->attempt + 1 == job.attempt &&
                                 other->end == JobEnding::Failed;
        if (is_last_try && api_.wall_clock() - other->finished < std::chrono::seconds{3}) {
            violated("F84: a failed migration is tried again without a pause");
        }
        // Our container has the say: the Job controller tells of its end somewhat later.
        const auto pod = api_.pods.find(key);
        const bool is_over = pod ? pod->has_ended : other->end != JobEnding::None;
        if (other->database == job.database && key.ns == job.meta.key.ns && !is_over &&
            !has_rivals) {
            violated(
                "S1: Job " + job.meta.key.name.str() + " is made while " + key.name.str() +
                " is not over"
            );
        }
    }
    if (jobs_made_.contains(job.meta.key)) {
        violated("F71: Job " + job.meta.key.name.str() + " is made again");
    }
}

void Rules::forget_job(const ObjectKey& job) {
    const auto revision_of = [](const ObjectKey& key) {
        const auto& name = key.name.str();
        return std::pair(key.ns, name.substr(0, name.rfind('-')));
    };
    std::erase_if(jobs_made_, [&](const ObjectKey& made) {
        return revision_of(made) == revision_of(job);
    });
}

void Rules::probe_passes(const Job& probe) {
    tried_.insert({probe.database, probe.image});
}

void Rules::migration_begins(const Job& job) {
    const ObjectKey resource{job.meta.key.ns, ObjectName(job.database)};
    const auto [place, is_first] = migrating_.try_emplace(resource, job.meta.key);
    // On a lost node nobody sees its end; without its session it does nothing any more.
    const bool goes_on = std::ranges::any_of(postgres_.sessions, [&](const Session& session) {
        return session.job == place->second;
    });
    if (!is_first && !goes_on) {
        place->second = job.meta.key;
    }
    if (place->second != job.meta.key) {
        violated(
            "S1: two migrations at once: " + place->second.name.str() + " and " +
            job.meta.key.name.str()
        );
    }
}

void Rules::migration_ends(const ObjectKey& job) {
    std::erase_if(migrating_, [&](const auto& entry) { return entry.second == job; });
}

}  // namespace djdb::model
