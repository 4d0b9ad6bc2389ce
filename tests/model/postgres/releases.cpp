// The ledger's part for releases: attempts that are counted, what passed, and what was proven.
#include "tests/model/postgres/server.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

Refusal conflict(const char* code, const std::string& message) {
    return {RefusalKind::Conflict, code, message};
}

}  // namespace

std::int64_t PgServer::attempts_of(const Shape& shape) const {
    const auto known = state.attempts.find(shape.database);
    return known == state.attempts.end() ? 0 : known->second;
}

void PgServer::require_counted(const Shape& shape, std::int64_t attempts) const {
    if (attempts_of(shape) != attempts) {
        throw conflict("DJ007", "another attempt was counted since");
    }
}

void PgServer::require_last(const Shape& shape, std::int64_t attempt) {
    require_claim(shape);
    require_counted(shape, attempt);
}

void PgServer::require_seen(const Shape& shape, const AttemptCount& attempts) const {
    if (state.attempts.contains(shape.database)) {  // the first one that is counted is inserted
        require_counted(shape, attempts.seen);
    }
}

void PgServer::count_attempt(const Shape& shape, const AttemptCount& attempts) {
    require_claim(shape);
    require_seen(shape, attempts);
    state.attempts[shape.database] = attempts.next;
}

void PgServer::set_attempt_password(
    const Shape& shape, std::int64_t attempt, const std::string& role, const std::string& password
) {
    require_last(shape, attempt);
    refuse_foreign_roles(shape);
    const auto found = state.roles.find(role);
    if (found == state.roles.end()) {
        throw Refusal(RefusalKind::Invalid, "42704", "role " + role + " does not exist");
    }
    found->second.password = password;
}

void PgServer::end_sessions(const Shape& shape, std::int64_t attempt, const std::string& role) {
    require_last(shape, attempt);
    std::erase_if(sessions, [&](const Session& session) { return session.role == role; });
}

/// What was proven of a pass stays when the same one is recorded again.
void PgServer::record_passed(
    const Shape& shape, const std::vector<PassedRow>& passed, bool checks_oid
) {
    const auto& claim = require_claim(shape);
    const auto* database = find(shape.database);
    if (database == nullptr || (checks_oid && !is_claimed(claim, *database))) {
        throw conflict("AdoptionNotGranted", "another database has the name now");
    }
    const std::pair place{shape.database, database->oid};
    for (auto one : passed) {
        std::erase_if(state.templates, [&](const auto& row) {
            const bool is_its = row.first == place && row.second.app_template == one.app_template;
            if (is_its && row.second.job == one.job) {
                one.verified = row.second.verified ? row.second.verified : one.verified;
            }
            return is_its;
        });
        state.templates.emplace_back(place, one);
        std::erase_if(state.images, [&](const auto& row) {
            return row.first == place && row.second == one.image;
        });
        state.images.emplace_back(place, one.image);
    }
}

void PgServer::record_judgements(
    const Shape& shape,
    const std::vector<JudgedRow>& judged,
    const std::vector<std::string>& applied
) {
    const auto& claim = require_claim(shape);
    auto* database = find(shape.database);
    if (database == nullptr || !is_claimed(claim, *database)) {
        return;
    }
    const auto is_applied = [&](const std::string& name) {
        return std::ranges::find(applied, name) != applied.end();
    };
    std::erase_if(database->judged, [&](const JudgedRow& row) { return !is_applied(row.name); });
    for (const auto& one : judged) {
        if (!is_applied(one.name)) {
            database->judged.insert(database->judged.begin(), one);
        }
    }
}

void PgServer::record_verified(
    const Shape& shape,
    const std::string& app_template,
    const std::string& job,
    const std::string& said
) {
    const auto& claim = require_claim(shape);
    for (auto& [place, row] : state.templates) {
        if (place == std::pair{shape.database, claim.oid.value_or(0)} &&
            row.app_template == app_template && row.job == job && row.verified) {
            row.verified = said;
        }
    }
}

}  // namespace djdb::model
