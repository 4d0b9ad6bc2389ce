#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/observe/inspection.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/observe/recovery.hpp"
#include "reconcilers/observe/secrets.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {
namespace {

/// As the migration login. A password that it does not take, such as one that was stored a moment before a crash, is
/// what the roles' stage repairs.
std::optional<AppliedMigrations> read_migrations(
    const Desired& desired,
    Observed& observed,
    TenantDatabase& tenant,
    const std::string& schema,
    const CallContext& call
) {
    const auto& password = known(observed.secrets.passwords).at(LoginId::migrate());
    try {
        return tenant.read_migrations(schema, password, call);
    } catch (const Error& error) {
        const auto& login = desired.names.migrate;
        auto& [contents, rejected, refused] = observed.inspection;
        const bool is_in_vain = std::ranges::find(refused, login) != refused.end();
        if (error.failure().reason != Reason::LoginRejected || is_in_vain ||
            tenant.accepts_password(LoginId::migrate(), password, call)) {
            throw;
        }
        if (std::ranges::find(rejected, login) == rejected.end()) {
            rejected.push_back(login);
        }
        return std::nullopt;
    }
}

/// The Job that the migration stage judges, if it said ok for an image that is not recorded: then the
/// database itself is asked, in the schema that the Job named.
void confirm(
    const Desired& desired, Observed& observed, TenantDatabase& tenant, const CallContext& call
) {
    const auto* source = migration_source(observed);
    const auto image = common_image(desired, observed);
    if (known(observed.tenant).claim != ClaimState::Mine || !observed.secrets.passwords ||
        source == nullptr || !image || has_passed(observed, *image)) {
        return;
    }
    const auto* job = latest_migration(observed.jobs, revision_of(desired, *source, *image));
    if (job == nullptr) {
        return;
    }
    const auto end = read_end(*job);
    if (said_ok(end)) {
        observed.release.applied =
            read_migrations(desired, observed, tenant, std::get<Answered>(end).recorded_in, call);
    }
}

/// Of a Job that is late. Without an answer nothing is known, and the release goes on as it would without Events.
std::optional<Explanation> find_obstacle(
    const JobRun& job, const Namespace& ns, Cluster& cluster, const CallContext& call
) {
    try {
        return cluster.read_warning(ns, told_by_events_of(job), call);
    } catch (const Error&) {
        return std::nullopt;
    }
}

void inspect(
    const Desired& desired,
    std::span<const Lane> lanes,
    Observed& observed,
    Cluster& cluster,
    Database& database,
    TenantCache& cache,
    const CallContext& call
) {
    try {
        const auto tenant = database.of(known(observed.server.access), desired.tenant());
        observed.tenant = tenant->inspect(call);
        if (!contains(lanes, LaneId::Foundation)) {
            return;
        }
        if (known(observed.tenant).claim != ClaimState::Mine) {
            observed.administrator =
                database.inspect_administrator(known(observed.server.access), call);
        }
        if (misses_passwords_in_use(desired, observed)) {
            observed.secrets.recovered =
                recover_passwords(desired, observed, cluster, *tenant, call);
        }
        observed.inspection = inspect_when_due(desired, observed, *tenant, cache, call);
        confirm(desired, observed, *tenant, call);
    } catch (const Error& error) {
        observed.server_failure = error.failure();
    }
}

}  // namespace

std::vector<Drift> all_drift(const Observed& observed) {
    auto all = known(observed.tenant).drift;
    const auto& contents = observed.inspection.contents;
    all.insert(all.end(), contents.begin(), contents.end());
    for (const auto& login : observed.inspection.rejected_logins) {
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
    const auto& key = desired.object.meta.key;
    const auto server = cluster.find_server(ObjectName(desired.object.spec.server_ref.name));
    Observed observed{
        .now = clock.now(),
        .server = look_up_server(server, key.ns, cluster, contains(lanes, LaneId::Deletion))};
    if (desired.name_error || !observed.server.access) {
        return observed;
    }
    observed.secrets = observe_secrets(desired, known(observed.server.access), cluster, call);
    observed.release = {cluster.find_gate(), cluster.list_workloads(key), {}};
    observed.jobs = cluster.list_jobs(key);
    for (auto& job : observed.jobs) {
        if (is_late_to_start(job, observed.now)) {
            job.obstacle = find_obstacle(job, key.ns, cluster, call);
        }
    }
    inspect(desired, lanes, observed, cluster, database, cache, call);
    return observed;
}

}  // namespace djdb
