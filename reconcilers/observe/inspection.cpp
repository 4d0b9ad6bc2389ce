#include "reconcilers/observe/inspection.hpp"

#include "reconcilers/crc32.hpp"
#include "reconcilers/step.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace djdb {
namespace {

using namespace std::chrono_literals;

/// Logins are tried no more often than this while nothing changes: with each run of a settled
/// tenant.
constexpr std::chrono::seconds kBetweenLogins = 5min;
constexpr std::chrono::seconds kBetweenLooks = 1h;

/// So that the tenants of a restarted operator are not all looked at in one minute.
std::chrono::seconds share_of(const Desired& desired, std::chrono::seconds span) {
    return std::chrono::seconds{crc32(desired.object.meta.uid.str()) % span.count()};
}

/// An earlier process found this generation to be as asked for.
bool was_in_sync(const Desired& desired) {
    const auto& status = desired.object.status;
    return status.observed_generation == desired.object.meta.generation &&
           std::ranges::any_of(status.conditions, [](const Condition& condition) {
               return condition.type == ConditionType::InSync &&
                      condition.status == ConditionStatus::True;
           });
}

TenantRecord fresh_record(const Desired& desired, TimePoint now) {
    TenantRecord record;
    record.uid = desired.object.meta.uid;
    record.generation = desired.object.meta.generation;
    record.server = desired.object.spec.server_ref.name;
    record.database = desired.names.database;
    const bool was = was_in_sync(desired);
    record.contents_due = was ? now + share_of(desired, kBetweenLooks) : now;
    record.logins_due = was ? now + share_of(desired, kBetweenLogins) : now;
    return record;
}

/// Everything is due when generation or facts changed in another way than by our own steps.
TenantRecord record_of(const Desired& desired, const Observed& observed, TenantCache& cache) {
    const auto kept = cache.find(desired.object.meta.key, desired.object.meta.uid);
    auto record = kept ? *kept : fresh_record(desired, observed.now);
    const bool is_changed =
        record.generation != desired.object.meta.generation ||
        (!record.fingerprint.empty() && record.fingerprint != known(observed.tenant).fingerprint);
    if (is_changed) {
        record.generation = desired.object.meta.generation;
        record.contents_due = observed.now;
        record.logins_due = observed.now;
    }
    record.fingerprint = known(observed.tenant).fingerprint;
    return record;
}

std::vector<RoleName> find_rejected(
    const Desired& desired,
    const TenantPasswords& passwords,
    TenantDatabase& database,
    const CallContext& call
) {
    std::vector<RoleName> rejected;
    for (const auto& login : enabled_logins(desired.names, desired.setup)) {
        try {
            if (!database.accepts_password(login, passwords.at(login), call)) {
                rejected.push_back(desired.names.role(login));
            }
        } catch (const Error&) {
            // Busy, cut, or closed to us: says nothing of the password.
        }
    }
    return rejected;
}

}  // namespace

void inspect_when_due(
    const Desired& desired,
    Observed& observed,
    TenantDatabase& database,
    TenantCache& cache,
    const CallContext& call
) {
    auto& tenant = known(observed.tenant);
    if (tenant.claim != ClaimState::Mine || !tenant.was_configured) {
        return;
    }
    auto record = record_of(desired, observed, cache);
    if (observed.now >= record.contents_due || is_to_be_repaired(tenant.drift, Repair::Database)) {
        record.contents = database.inspect_contents(tenant, call);
        record.contents_due = observed.now + kBetweenLooks;
    }
    const bool can_log_in = observed.credentials && tenant.roles == RolesState::Complete;
    if (can_log_in && observed.now >= record.logins_due) {
        record.rejected = find_rejected(desired, known(observed.credentials), database, call);
        record.logins_due = observed.now + kBetweenLogins;
    }
    if (can_log_in) {
        observed.rejected_logins = record.rejected;
    }
    std::ranges::copy(record.contents, std::back_inserter(tenant.drift));
    for (const auto& login : observed.rejected_logins) {
        tenant.drift.push_back(
            {"The server refuses the stored password of " + login.str() + ".", Repair::Roles}
        );
    }
    tenant.database_is_configured =
        tenant.database_is_configured && !is_to_be_repaired(record.contents, Repair::Database);
    cache.keep(desired.object.meta.key, std::move(record));
}

void note_steps(
    const Desired& desired,
    const Observed& observed,
    std::span<const Step> done,
    bool is_settled,
    const std::optional<WriteBackoff>& backoff,
    TenantCache& cache
) {
    const auto& key = desired.object.meta.key;
    auto kept = cache.find(key, desired.object.meta.uid);
    auto record = kept ? *kept : fresh_record(desired, observed.now);
    record.is_settled = is_settled;
    record.backoff = backoff;
    record.secret_versions = observed.secret_versions;
    record.fingerprint = known(observed.tenant).fingerprint;
    for (const auto& step : done) {
        if (std::holds_alternative<CreateRoles>(step)) {
            record.fingerprint.clear();
            record.rejected.clear();
            record.logins_due = observed.now;
        } else if (std::holds_alternative<ConfigureDatabase>(step)) {
            record.fingerprint.clear();
            record.contents.clear();
            // A first configuration is as asked for; a repair is looked at.
            record.contents_due =
                observed.now + (known(observed.tenant).was_configured ? 0s : kBetweenLooks);
        } else if (std::holds_alternative<ProveLogins>(step)) {
            record.logins_due = observed.now + kBetweenLogins;
        } else if (std::holds_alternative<RecordPassedImage>(step)) {
            // Django's record of migrations may be new: only migrations are to write it.
            if (desired.setup.runtime == RuntimeAccess::ReadWrite) {
                record.contents_due = observed.now;
            }
        }
    }
    cache.keep(key, std::move(record));
}

}  // namespace djdb
