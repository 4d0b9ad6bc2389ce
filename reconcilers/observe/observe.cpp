#include "reconcilers/execute/stored_passwords.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/manifests/secret.hpp"
#include "reconcilers/observe/inspection.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {
namespace {

SecretState judge_secret(
    const Desired& desired,
    const std::optional<SecretFacts>& secret,
    const std::optional<ServerAccess>& access,
    const RoleName& login,
    const std::optional<Sensitive>& password
) {
    if (!secret) {
        return SecretState::Absent;
    }
    if (secret->controller != desired.object.meta.uid) {
        return SecretState::Foreign;
    }
    if (!access || !password) {
        return SecretState::OutOfDate;
    }
    const auto wanted = render_secret_data(desired, *access, login, *password);
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

/// A Job that said ok for an image which is not recorded: then the database itself is asked.
bool needs_confirmation(const Observed& observed) {
    return observed.credentials && std::ranges::any_of(observed.jobs, [&](const JobRun& job) {
               return job.kind == JobKind::Migrate && said_ok(read_end(job)) &&
                      !has_passed(observed, job.image);
           });
}

void observe_secrets(
    const Desired& desired, Observed& observed, Cluster& cluster, const CallContext& call
) {
    const auto stored = cluster.read_operator_secret(desired.credentials_name, call);
    observed.stored = stored ? stored->data : SecretData{};
    observed.credentials = passwords_in(desired, observed.stored);
    observed.leftover_secrets = leftover_secrets(desired, observed.stored);
    const auto judge = [&](const ObjectName& name, const LoginId& login) {
        const auto secret = cluster.read_secret({desired.object.meta.key.ns, name}, call);
        observed.secret_versions[name] = secret ? secret->version : "";
        const auto& passwords = observed.credentials;
        return judge_secret(
            desired,
            secret,
            observed.access,
            desired.names.role(login),
            passwords ? std::optional(passwords->at(login)) : std::nullopt
        );
    };
    observed.secret = judge(desired.secret_name, desired.setup.active_login);
    for (std::size_t i = 0; i < desired.reader_secrets.size(); ++i) {
        observed.reader_secrets.push_back(
            judge(desired.reader_secrets[i], LoginId::reader(desired.names.readers[i].name))
        );
    }
}

void inspect(
    const Desired& desired,
    std::span<const Lane> lanes,
    Observed& observed,
    Database& database,
    TenantCache& cache,
    const CallContext& call
) {
    try {
        const auto tenant = database.of(known(observed.access), desired.tenant());
        observed.tenant = tenant->inspect(call);
        if (!contains(lanes, LaneId::Foundation)) {
            return;
        }
        if (known(observed.tenant).claim != ClaimState::Mine) {
            observed.administrator = database.inspect_administrator(known(observed.access), call);
        }
        observed.inspection = inspect_when_due(desired, observed, *tenant, cache, call);
        if (known(observed.tenant).claim == ClaimState::Mine && needs_confirmation(observed)) {
            observed.applied =
                tenant->read_migrations(known(observed.credentials).at(LoginId::migrate()), call);
        }
    } catch (const Error& error) {
        observed.server_failure = error.failure();
    }
}

}  // namespace

std::vector<Drift> all_drift(const Observed& observed) {
    auto all = known(observed.tenant).drift;
    const auto& [contents, rejected] = observed.inspection;
    all.insert(all.end(), contents.begin(), contents.end());
    for (const auto& login : rejected) {
        all.push_back({DriftKind::PasswordRejected, login.str()});
    }
    return all;
}

bool is_configured(const Observed& observed) {
    return known(observed.tenant).database_is_configured &&
           !is_to_be_repaired(observed.inspection.contents, Repair::Database);
}

bool is_comparable(const Observed& observed) {
    return observed.tenant && observed.tenant->claim == ClaimState::Mine &&
           (observed.tenant->was_configured || observed.tenant->database_is_configured);
}

Observed observe(
    const Desired& desired,
    std::span<const Lane> lanes,
    Cluster& cluster,
    Database& database,
    const Clock& clock,
    TenantCache& cache,
    const CallContext& call
) {
    Observed observed;
    observed.now = clock.now();
    const auto& key = desired.object.meta.key;
    const auto server = cluster.find_server(ObjectName(desired.object.spec.server_ref.name));
    auto lookup = look_up_server(server, key.ns, cluster, contains(lanes, LaneId::Deletion));
    observed.server = lookup.reference;
    observed.server_detail = lookup.detail;
    observed.access = std::move(lookup.access);
    observed.policy = server ? policy_of(*server) : ServerPolicy{};
    if (desired.name_error || !observed.access) {
        return observed;
    }
    observe_secrets(desired, observed, cluster, call);
    observed.gate = cluster.find_gate();
    observed.workloads = cluster.list_workloads(key);
    observed.jobs = cluster.list_jobs(key);
    inspect(desired, lanes, observed, database, cache, call);
    return observed;
}

}  // namespace djdb
