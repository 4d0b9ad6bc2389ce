#include "reconcilers/manifests/secret.hpp"
#include "reconcilers/observed.hpp"
#include "reconcilers/release.hpp"

#include <algorithm>

namespace djdb {
namespace {

bool is_allowed(const AllowedNamespaces& allowed, const Namespace& space, Cluster& cluster) {
    if (std::ranges::find(allowed.names, space.str()) != allowed.names.end()) {
        return true;
    }
    const auto labels =
        allowed.match_labels.empty() ? std::nullopt : cluster.find_namespace_labels(space);
    return labels && std::ranges::all_of(allowed.match_labels, [&](const auto& wanted) {
               const auto found = labels->find(wanted.first);
               return found != labels->end() && found->second == wanted.second;
           });
}

std::optional<Sensitive> value_of(const SecretFacts& secret, const std::string& key) {
    const auto found = secret.data.find(key);
    return found == secret.data.end() || found->second.empty() ? std::nullopt
                                                               : std::optional(found->second);
}

std::optional<TenantPasswords> read_credentials(
    const Desired& desired, Cluster& cluster, const CallContext& call
) {
    const auto stored = cluster.read_operator_secret(desired.credentials_name, call);
    if (!stored) {
        return std::nullopt;
    }
    const auto runtime = value_of(*stored, "runtime");
    const auto migrate = value_of(*stored, "migrate");
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
        observed.tenant =
            database.inspect_tenant(*observed.access, desired.names, desired.claimant, call);
        if (observed.tenant->claim != ClaimState::Mine) {
            observed.server_facts = database.inspect_server(*observed.access, call);
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

ServerLookup look_up_server(
    const std::optional<PostgresServer>& server,
    const std::optional<Namespace>& space,
    Cluster& cluster
) {
    if (!server) {
        return {ServerReference::NotFound, {}, {}};
    }
    const auto& spec = server->spec;
    if (space && !is_allowed(spec.allowed_namespaces, *space, cluster)) {
        return {ServerReference::NamespaceNotAllowed, {}, {}};
    }
    const auto admin = cluster.find_operator_secret(ObjectName(spec.admin_secret_ref.name));
    if (!admin) {
        return {ServerReference::AdminSecretMissing, "\"" + spec.admin_secret_ref.name + "\"", {}};
    }
    const auto user = value_of(*admin, "username");
    const auto password = value_of(*admin, "password");
    if (!user || !password) {
        return {ServerReference::AdminSecretInvalid, "\"" + spec.admin_secret_ref.name + "\"", {}};
    }
    const auto& reference = spec.tls.ca_secret_ref;
    const auto ca_secret = cluster.find_operator_secret(ObjectName(reference.name));
    const auto ca = ca_secret ? value_of(*ca_secret, reference.key) : std::nullopt;
    if (!ca) {
        return {
            ServerReference::CaMissing,
            "\"" + reference.name + "\" key \"" + reference.key + "\"",
            {}};
    }
    return {
        ServerReference::Found,
        {},
        ServerAccess{
            spec.host,
            spec.port,
            spec.maintenance_database,
            ca->reveal(),
            user->reveal(),
            *password}};
}

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
