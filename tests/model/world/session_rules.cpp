// The rules about a migration's sessions: never of two attempts, and none is cut off that is underway.
#include "tests/model/world/rules.hpp"

#include <algorithm>

namespace djdb::model {

void Rules::session_begins(const Session& session) {
    for (const auto& other : postgres_.sessions) {
        if (other.role == session.role && other.of != session.of) {
            violated(
                "S17: two attempts have sessions: that of " + to_string(other.job) +
                " and that of " + to_string(session.job)
            );
        }
    }
}

/// A Job that is made, and has not ended as far as anybody knows; not one that nobody can ask any more.
bool Rules::is_underway(const Job& job) const {
    const auto pod = api_.pods.find(job.meta.key);
    return job.end == JobEnding::None && !(pod && (pod->has_ended || pod->is_lost));
}

void Rules::before_attempt_password(const Shape& shape) {
    for (const auto& [key, job] : api_.jobs.all()) {
        if (job->kind == JobKind::Migrate && job->controller.str() == shape.holder.uid &&
            is_underway(*job)) {
            violated(
                "S17: the password of Job " + key.name.str() + ", which is underway, is changed"
            );
        }
    }
}

void Rules::after_end_sessions(const std::vector<Session>& before) {
    for (const auto& session : before) {
        if (std::ranges::find(postgres_.sessions, session.of, &Session::of) !=
            postgres_.sessions.end()) {
            continue;
        }
        for (const auto& [key, job] : api_.jobs.all()) {
            if (job->meta.uid == session.of && is_underway(*job)) {
                violated("S17: Job " + key.name.str() + ", which is underway, is cut off");
            }
        }
        std::erase_if(migrating_, [&](const auto& entry) { return entry.second == session.job; });
    }
}

}  // namespace djdb::model
