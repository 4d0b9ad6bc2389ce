#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/observe/inspection.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/observe/recovery.hpp"
#include "reconcilers/observe/secrets.hpp"
#include "reconcilers/stages/release/cutover.hpp"
#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/verify_jobs.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

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
        auto& [contents, rejected, refused, applied] = observed.inspection;
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

/// In which schema to look at django_migrations in this run; none: nothing depends on it. Before the look it is not known
/// what the database holds, but what it held last.
///   a Job of what is to be proven said ok            | where it says
///   what passed once is held, or carries a mark, or
///     the last look found something else             | where it was
///   the version before let its image pass            | where the login finds it
/// A database that is closed is opened by the foundation first: a look would fail, and keep it from doing so.
std::optional<std::string> where_to_look(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(desired, observed);
    const auto& facts = known(observed.tenant);
    if (facts.claim != ClaimState::Mine || facts.database != DatabaseState::Open ||
        !observed.secrets.passwords || source == nullptr) {
        return std::nullopt;
    }
    const auto* job =
        latest_attempt(observed.jobs, JobKind::Migrate, revision_of(desired, observed, *source));
    if (job != nullptr && is_to_be_proven(desired, observed, *source) &&
        !is_spent(observed, *job)) {
        if (const auto end = read_end(*job); said_ok(end)) {
            return std::get<Answered>(end).recorded_in;
        }
    }
    for (const auto& workload : observed.release.workloads) {
        const auto* pass = find_pass(desired, observed, workload);
        const bool is_due = workload.hold || workload.is_marked ||
                            proof_of(desired, observed, workload) == Proof::DatabaseChanged;
        if (pass != nullptr && is_due) {
            return pass->recorded_in;
        }
        if (passed_before_templates(desired, observed, workload)) {
            return "";
        }
    }
    return std::nullopt;
}

/// Whether anything is in a database on which nothing has passed. What keeps the login out is for the foundation to
/// tell and to repair, so here it is no failure: nothing is known then.
std::optional<AppliedMigrations> look_before_first_release(
    const Desired& desired, Observed& observed, TenantDatabase& tenant, const CallContext& call
) {
    const auto& facts = known(observed.tenant);
    if (!may_be_cutover(desired, observed) || !observed.secrets.passwords ||
        facts.claim != ClaimState::Mine || facts.database != DatabaseState::Open) {
        return std::nullopt;
    }
    try {
        return read_migrations(desired, observed, tenant, "", call);
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// Refused, it holds a first release and nothing else.
void read_rolled(
    const Namespace& ns, ObservedRelease& release, Cluster& cluster, const CallContext& call
) {
    try {
        release.rolled = cluster.read_rolled_templates(ns, call);
    } catch (const Error& error) {
        release.rolled_failure = error.failure();
    }
}

/// A probe says that the database has what its image does not know.
bool goes_back(const Desired& desired, const Observed& observed) {
    return std::ranges::any_of(environments_to_prove(desired, observed), [&](const Workload* one) {
        return find_plan(desired, observed, *one).ahead_count != 0;
    });
}

/// Refused, it would be so next time; that is told and holds nothing. Anything else passes, and until then nobody knows
/// whether they run on.
std::optional<std::vector<AppPod>> read_new_pods(
    const Desired& desired, const Observed& observed, Cluster& cluster, const CallContext& call
) {
    std::vector<AppPod> pods;
    try {
        for (const auto* workload : to_be_verified(desired, observed)) {
            std::ranges::move(cluster.read_app_pods(*workload, call), std::back_inserter(pods));
        }
    } catch (const Error& error) {
        if (error.failure().kind != FailureClass::Forbidden) {
            throw;
        }
        return std::nullopt;
    }
    return pods;
}

/// They are told alone.
std::optional<std::vector<AppSession>> read_sessions(
    const Desired& desired, TenantDatabase& tenant, const CallContext& call
) {
    try {
        return tenant.read_sessions(desired.setup.active_login, call);
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// It rolled out, or is about to, and a person may want to go back.
bool is_failing(const Desired& desired, const Observed& observed, const JobEnd& end) {
    return (is_over(end) && !said_ok(end)) || find_restarted(desired, observed) != nullptr ||
           std::ranges::any_of(observed.release.workloads, &Workload::progress_deadline_exceeded);
}

/// For advice alone, so that what can't be read is left out.
void look_for_a_way_back(
    Observed& observed,
    const Namespace& ns,
    Cluster& cluster,
    TenantDatabase& tenant,
    const CallContext& call
) {
    try {
        observed.release.judged = tenant.read_judgements(call);
        observed.release.rolled = cluster.read_rolled_templates(ns, call);
    } catch (const Error&) {
        observed.release.rolled.clear();
    }
}

/// Nothing of a release that is settled.
void look_at_what_rolled_out(
    const Desired& desired,
    Observed& observed,
    Cluster& cluster,
    Database& database,
    const CallContext& call
) {
    if (!observed.tenant || observed.server_failure) {
        return;
    }
    const auto tenant = database.of(known(observed.server.access), desired.tenant());
    const auto* job = latest_verify_job(desired, observed);
    const auto end = job == nullptr ? JobEnd{} : read_end(*job);
    if (said_ok(end)) {
        observed.release.new_pods = read_new_pods(desired, observed, cluster, call);
        observed.release.sessions = read_sessions(desired, *tenant, call);
    }
    if (is_failing(desired, observed, end)) {
        look_for_a_way_back(observed, desired.object.meta.key.ns, cluster, *tenant, call);
    }
}

std::map<Published, std::string> read_configs(
    const Desired& desired,
    const std::vector<Workload>& workloads,
    Cluster& cluster,
    const CallContext& call
) {
    std::map<Published, std::string> versions;
    for (const auto& workload : workloads) {
        for (const auto& config : configs_of(workload, desired)) {
            if (!versions.contains(config)) {
                const ObjectKey key{desired.object.meta.key.ns, config.name};
                versions[config] = cluster.read_version(config.kind, key, call).value_or("");
            }
        }
    }
    return versions;
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
        // No password can be tried on a database that is not there, and that is for the foundation to tell.
        if (misses_passwords_in_use(desired, observed) &&
            known(observed.tenant).database != DatabaseState::Absent) {
            observed.secrets.recovered =
                recover_passwords(desired, observed, cluster, *tenant, call);
        }
        observed.inspection = inspect_when_due(desired, observed, *tenant, cache, call);
        if (const auto schema = where_to_look(desired, observed)) {
            observed.release.applied = read_migrations(desired, observed, *tenant, *schema, call);
        } else {
            observed.release.applied = look_before_first_release(desired, observed, *tenant, call);
        }
        if (goes_back(desired, observed)) {
            observed.release.judged = tenant->read_judgements(call);
        }
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
    observed.release = {.gate = cluster.find_gate(), .workloads = cluster.list_workloads(key)};
    if (contains(lanes, LaneId::Release)) {
        observed.release.configs = read_configs(desired, observed.release.workloads, cluster, call);
    }
    observed.jobs = cluster.list_jobs(key);
    for (auto& job : observed.jobs) {
        if (is_late_to_start(job, observed.now)) {
            job.obstacle = find_obstacle(job, key.ns, cluster, call);
        }
    }
    inspect(desired, lanes, observed, cluster, database, cache, call);
    if (contains(lanes, LaneId::Release)) {
        look_at_what_rolled_out(desired, observed, cluster, database, call);
    }
    if (contains(lanes, LaneId::Release) && may_be_cutover(desired, observed)) {
        read_rolled(key.ns, observed.release, cluster, call);
    }
    return observed;
}

}  // namespace djdb
