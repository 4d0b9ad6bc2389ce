// The rules about what proves a release: nothing is recorded that was not proven, nothing is proven
// before it serves, and no rollout waits for it.
#include "tests/model/world/app_templates.hpp"
#include "tests/model/world/rules.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

/// Clocks of Kubernetes have whole seconds.
constexpr Millis kSecond = 1'000;
/// What an operator sees may be older than a minute: watches lag, and calls take their time.
constexpr Millis kOldest = 120'000;
/// For so long a restart counts.
constexpr std::chrono::minutes kRestartCounts{10};

bool is_held_by_gate(const Deployment* deployment) {
    return deployment != nullptr && deployment->paused && deployment->is_marked &&
           deployment->paused_by.empty();
}

}  // namespace

void Rules::deployment_changes(const Deployment* before, const Deployment* current, Millis now) {
    if (before != nullptr) {
        asked_until_[app_template_of(before->pod_template)] = now;
    }
    const auto& key = (current != nullptr ? current : before)->meta.key;
    if (!is_held_by_gate(current)) {
        held_since_.erase(key);
    } else {
        held_since_.try_emplace(key, now);
    }
    if (current != nullptr && current->pods == Pods::Complete &&
        current->rolled_template == current->pod_template) {
        rolled_out_.insert({app_template_of(current->pod_template), current->image});
    }
}

bool Rules::is_asked_for(const std::string& app_template, Millis now) const {
    const auto until = asked_until_.find(app_template);
    return (until != asked_until_.end() && now - until->second < kOldest) ||
           std::ranges::any_of(api_.deployments.all(), [&](const auto& entry) {
               return app_template_of(entry.second->pod_template) == app_template;
           });
}

void Rules::before_verification(const Job& job, const Seen& seen) {
    const auto& name = job.meta.key.name.str();
    if (!rolled_out_.contains(job.image)) {
        violated("S21: " + name + " is to prove " + job.image + ", which has not rolled out");
    }
    if (seen.object && seen.object->spec.verify.when == VerifyWhen::Never) {
        violated("S21: " + name + " is to prove what nobody wants to have proven");
    }
    for (const auto& [key, since] : held_since_) {
        if (seen.at - since > kOldest && !has_rivals) {
            violated("S21: " + name + " is made while the gate holds " + key.name.str());
        }
    }
}

void Rules::note_verification(const Job& job, Millis now) {
    auto& passes = verifications_[job.meta.uid].passes;
    for (const auto& [place, row] : postgres_.state.templates) {
        if (place.first == job.database && row.verified && is_asked_for(row.app_template, now)) {
            passes.insert({row.app_template, row.job});
        }
    }
}

/// As of backups (backup_rules.cpp): one more does no harm where nobody knows of the other, or it is
/// being removed.
void Rules::verification_begins(const Job& job) {
    for (const auto& [key, other] : api_.jobs.all()) {
        const auto pod = api_.pods.find(key);
        const bool has_begun = pod && pod->stuck.empty();
        const bool may_be_unseen = other->revision != job.revision &&
                                   job.created - other->created < std::chrono::minutes{1};
        if (key != job.meta.key && other->kind == JobKind::Verify && !may_be_unseen &&
            other->controller == job.controller && has_begun && is_underway(*other) &&
            !other->meta.being_deleted && !has_rivals) {
            violated(
                "S21: two verifications at once: " + key.name.str() + " and " +
                job.meta.key.name.str()
            );
        }
    }
}

void Rules::verification_passes(const Job& job, Millis now) {
    auto& verification = verifications_[job.meta.uid];
    verification.database = postgres_.find(job.database)->oid;
    verification.ended = now;
}

void Rules::show_restart(const ObjectKey& deployment, std::optional<Millis> shown) {
    restart_shown_at_.erase(deployment);
    const auto found = api_.deployments.find(deployment);
    if (shown && found && found->restarted &&
        api_.wall_clock() - *found->restarted < kRestartCounts) {
        restart_shown_at_.emplace(deployment, *shown);
    }
}

void Rules::before_record_verified(
    const Shape& shape,
    const std::string& app_template,
    const std::string& job,
    const std::string& who,
    Millis now
) {
    const auto claim = postgres_.state.claims.find(shape.database);
    const auto oid = claim == postgres_.state.claims.end() ? std::nullopt : claim->second.oid;
    const auto row = std::ranges::find_if(postgres_.state.templates, [&](const auto& entry) {
        return entry.first.first == shape.database && entry.first.second == oid &&
               entry.second.app_template == app_template && entry.second.job == job;
    });
    if (row == postgres_.state.templates.end() || !row->second.verified) {
        return;  // the statement finds nothing to change
    }
    const auto& image = row->second.image;
    // The image alone was asked for before: of one image there may be many templates.
    if (!rolled_out_.contains(app_template)) {
        violated("S21: " + image + " is recorded as verified and has not rolled out");
    }
    const auto seen = seen_.find(who);
    const bool is_known = seen != seen_.end() && seen->second.object;
    const Millis soak = is_known ? seen->second.object->spec.verify.soak.count() * 1'000 : 0;
    if (std::ranges::none_of(verifications_, [&](const auto& entry) {
            const auto& its = entry.second;
            return its.database == oid && its.passes.contains({app_template, job}) &&
                   its.ended + soak <= now + kSecond;
        })) {
        violated("S21: " + image + " is recorded as verified, and no Job proved this pass of it");
    }
    for (const auto& [key, shown_at] : restart_shown_at_) {
        const auto deployment = api_.deployments.find(key);
        if (deployment && app_template_of(deployment->pod_template) == app_template &&
            now - shown_at < kOldest && !has_rivals) {
            violated(
                "S21: " + image + " is recorded as verified, and a Pod of " + key.name.str() +
                " was seen to restart"
            );
        }
    }
}

}  // namespace djdb::model
