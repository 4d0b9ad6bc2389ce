#include "reconcilers/observe/inspection.hpp"

#include "reconcilers/crc32.hpp"
#include "reconcilers/stages/release/proof.hpp"

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
/// A password is set again no more often than this.
constexpr std::chrono::seconds kBetweenPasswords = 1h;

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
    record.drift.generation = desired.object.meta.generation;
    record.server = desired.object.spec.server_ref.name;
    record.database = desired.names.database;
    const bool was = was_in_sync(desired);
    record.drift.due = was ? now + share_of(desired, kBetweenLooks) : now;
    record.applied.due = record.drift.due;
    record.logins.due = was ? now + share_of(desired, kBetweenLogins) : now;
    return record;
}

/// Everything is due when generation or facts changed in another way than by our own steps.
TenantRecord record_of(const Desired& desired, const Observed& observed, const TenantCache& cache) {
    const auto kept = cache.find(desired.object.meta.key, desired.object.meta.uid);
    auto record = kept ? *kept : fresh_record(desired, observed.now);
    const bool is_changed = record.drift.generation != desired.object.meta.generation ||
                            (!record.drift.fingerprint.empty() &&
                             record.drift.fingerprint != known(observed.tenant).fingerprint);
    if (is_changed) {
        record.drift.generation = desired.object.meta.generation;
        record.drift.due = observed.now;
        record.applied.due = observed.now;
        record.logins.due = observed.now;
    }
    record.drift.fingerprint = known(observed.tenant).fingerprint;
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
        } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
            // Busy, cut, or closed to us: says nothing of the password.
        }
    }
    return rejected;
}

/// None: it can't be read, which says nothing.
std::optional<std::string> find_applied(
    const std::string& schema,
    const TenantPasswords& passwords,
    TenantDatabase& database,
    const CallContext& call
) {
    try {
        const auto& password = passwords.at(LoginId::migrate());
        return name_of(database.read_migrations(schema, password, call));
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// Where what runs now was recorded; none: nothing of it passed.
std::optional<std::string> recorded_in(const Desired& desired, const Observed& observed) {
    for (const auto& workload : observed.release.workloads) {
        if (const auto* pass = find_pass(desired, observed, workload)) {
            return pass->recorded_in;
        }
    }
    return std::nullopt;
}

/// Those that got their password again a while ago are refused for another reason, which setting it
/// once more does not take away.
Inspection judged(std::vector<Drift> contents, const LoginRecord& logins, TimePoint now) {
    Inspection found{std::move(contents), {}, {}, {}};
    for (const auto& login : logins.rejected) {
        const auto set = logins.set_again.find(login);
        const bool is_in_vain =
            set != logins.set_again.end() && now < set->second + kBetweenPasswords;
        (is_in_vain ? found.refused_logins : found.rejected_logins).push_back(login);
    }
    return found;
}

}  // namespace

Inspection inspect_when_due(
    const Desired& desired,
    const Observed& observed,
    TenantDatabase& database,
    TenantCache& cache,
    const CallContext& call
) {
    const auto& tenant = known(observed.tenant);
    if (tenant.claim != ClaimState::Mine || !tenant.was_configured) {
        return {};
    }
    auto record = record_of(desired, observed, cache);
    if (observed.now >= record.drift.due || is_to_be_repaired(tenant.drift, Repair::Database)) {
        record.drift.contents = database.inspect_contents(tenant, call);
        record.drift.due = observed.now + kBetweenLooks;
    }
    const bool can_log_in = observed.secrets.passwords && tenant.roles == RolesState::Complete;
    if (can_log_in && observed.now >= record.logins.due) {
        record.logins.rejected =
            find_rejected(desired, known(observed.secrets.passwords), database, call);
        record.logins.due = observed.now + kBetweenLogins;
        std::erase_if(record.logins.set_again, [&](const auto& entry) {
            return std::ranges::find(record.logins.rejected, entry.first) ==
                   record.logins.rejected.end();
        });
    }
    const auto schema = recorded_in(desired, observed);
    if (can_log_in && schema && observed.now >= record.applied.due) {
        record.applied.name =
            find_applied(*schema, known(observed.secrets.passwords), database, call);
        record.applied.due = observed.now + kBetweenLooks;
    }
    auto found =
        judged(record.drift.contents, can_log_in ? record.logins : LoginRecord{}, observed.now);
    found.applied = schema ? record.applied.name : std::nullopt;
    cache.keep(desired.object.meta.key, std::move(record));
    return found;
}

void note_steps(
    const Desired& desired, const Observed& observed, const Outcomes& outcomes, TenantCache& cache
) {
    const auto& key = desired.object.meta.key;
    auto kept = cache.find(key, desired.object.meta.uid);
    auto record = kept ? *kept : fresh_record(desired, observed.now);
    record.drift.fingerprint = known(observed.tenant).fingerprint;
    if (was_done<CreateRoles>(outcomes)) {
        record.drift.fingerprint.clear();
        for (const auto& login : observed.inspection.rejected_logins) {
            record.logins.set_again[login] = observed.now;
        }
        record.logins.rejected.clear();
        record.logins.due = observed.now;
    }
    if (was_done<ConfigureDatabase>(outcomes)) {
        record.drift.fingerprint.clear();
        record.drift.contents.clear();
        // A first configuration is as asked for; a repair is looked at.
        record.drift.due =
            observed.now + (known(observed.tenant).was_configured ? 0s : kBetweenLooks);
    }
    if (was_done<ProveLogins>(outcomes)) {
        record.logins.due = observed.now + kBetweenLogins;
    }
    if (observed.release.applied) {
        record.applied = {name_of(*observed.release.applied), observed.now + kBetweenLooks};
    }
    // Django's record of migrations may be new: only migrations are to write it.
    if (was_done<RecordPassed>(outcomes) && desired.setup.runtime == RuntimeAccess::ReadWrite) {
        record.drift.due = observed.now;
    }
    cache.keep(key, std::move(record));
}

}  // namespace djdb
