#include "reconcilers/manifests/secret.hpp"
#include "reconcilers/observed.hpp"
#include "reconcilers/release.hpp"

#include <algorithm>

namespace djdb {
namespace {

std::optional<TenantPasswords> read_credentials(
    const Desired& desired, Cluster& cluster, const CallContext& call
) {
    const auto stored = cluster.read_operator_secret(desired.credentials_name, call);
    if (!stored) {
        return std::nullopt;
    }
    const auto runtime = stored->find("runtime");
    const auto migrate = stored->find("migrate");
    return runtime && migrate ? std::optional(TenantPasswords{*runtime, *migrate}) : std::nullopt;
}

SecretState judge_secret(
    const Desired& desired,
    const std::optional<SecretFacts>& secret,
    const std::optional<ServerAccess>& access,
    const std::optional<TenantPasswords>& credentials
) {
    if (!secret) {
        return SecretState::Absent;
    }
    if (secret->controller != desired.object.meta.uid) {
        return SecretState::Foreign;
    }
    if (!access || !credentials) {
        return SecretState::OutOfDate;
    }
    const auto wanted =
        render_secret_data(desired, *access, desired.names.login_a, credentials->runtime);
    const bool has_wanted = std::ranges::all_of(wanted, [&](const auto& entry) {
        const auto found = secret->data.find(entry.first);
        return found != secret->data.end() && found->second == entry.second;
    });
    // Keys of others stay, and a key that we wrote once and want no more is to be removed.
    const bool has_leftover = std::ranges::any_of(secret->own_keys, [&](const auto& key) {
        return !wanted.contains(key);
    });
    return has_wanted && !has_leftover ? SecretState::UpToDate : SecretState::OutOfDate;
}

/// A Job that succeeded for an image which is not recorded: then the database itself is asked.
bool needs_confirmation(const Observed& observed) {
    return observed.credentials && std::ranges::any_of(observed.jobs, [&](const MigrationJob& job) {
               return job.state == JobState::Succeeded && !has_passed(observed, job.image);
           });
}

void inspect(
    const Desired& desired, Observed& observed, Database& database, const CallContext& call
) {
    try {
        observed.tenant = database.inspect_tenant(
            *observed.access, desired.names, desired.setup, desired.claimant, call
        );
        if (observed.tenant->claim != ClaimState::Mine) {
            observed.administrator = database.inspect_administrator(*observed.access, call);
        }
        if (needs_confirmation(observed)) {
            observed.applied = database.read_migrations(
                *observed.access, desired.names, observed.credentials->migrate, call
            );
        }
    } catch (const Error& error) {
        observed.server_failure = error.failure();
    }
}

}  // namespace

Observed observe(
    const Desired& desired,
    Cluster& cluster,
    Database& database,
    const Clock& clock,
    const CallContext& call
) {
    Observed observed;
    observed.now = clock.now();
    const auto& key = desired.object.meta.key;
    auto lookup = look_up_server(
        cluster.find_server(ObjectName(desired.object.spec.server_ref.name)), key.space, cluster
    );
    observed.server = lookup.reference;
    observed.server_detail = lookup.detail;
    observed.access = std::move(lookup.access);
    observed.policy = std::move(lookup.policy);
    if (desired.name_error || !observed.access) {
        return observed;
    }
    observed.credentials = read_credentials(desired, cluster, call);
    const auto secret = cluster.read_secret({key.space, desired.secret_name}, call);
    observed.secret = judge_secret(desired, secret, observed.access, observed.credentials);
    observed.gate = cluster.find_gate();
    observed.workloads = cluster.list_workloads(key);
    observed.jobs = cluster.list_migration_jobs(key);
    inspect(desired, observed, database, call);
    return observed;
}

}  // namespace djdb
