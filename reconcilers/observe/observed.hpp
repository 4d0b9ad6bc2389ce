// What one run sees: one immutable snapshot. An unreachable server is a value in here, not an
// exception.
#pragma once

#include "crds/kinds/postgres_server.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/resync/tenant_cache.hpp"
#include "reconcilers/server/lookup.hpp"

#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

struct Lane;

/// Of a Secret, or of the ConfigMap with the CA.
enum class PublishedState { Absent, UpToDate, OutOfDate, Foreign };

/// The operator's copy of the passwords, and what the apps read.
struct ObservedSecrets {
    SecretData stored;
    /// Its version; empty while there is none.
    std::string stored_version;
    /// In it, when none is missing.
    std::optional<TenantPasswords> passwords;
    /// Missing in it although they are in use, and found in the Secrets that the apps read.
    TenantPasswords recovered;
    PublishedState app = PublishedState::Absent;
    /// In the order of Desired::readers.
    std::vector<PublishedState> readers;
    /// The ConfigMap with the CA; UpToDate where none is needed.
    PublishedState ca = PublishedState::UpToDate;
    /// The ca.crt that the Secrets hold, by their names; empty where there is none.
    std::map<ObjectName, std::string> held_ca;
    [[nodiscard]] std::string held_ca_of(const ObjectName& secret) const {
        const auto found = held_ca.find(secret);
        return found == held_ca.end() ? std::string{} : found->second;
    }
    /// Of the three above; "" for what is not there.
    std::map<Published, std::string> versions;
    /// Published for readers that are no longer requested.
    std::vector<ObjectName> leftovers;
};

/// What the looks with sessions of their own found last.
struct Inspection {
    /// What differs inside the database.
    std::vector<Drift> contents;
    /// Logins whose stored password the server refuses.
    std::vector<RoleName> rejected_logins;
    /// The same although it was set a while ago: it is refused for another reason.
    std::vector<RoleName> refused_logins;
    /// What django_migrations held, as name_of() names it; none: not looked at, since nothing passed.
    std::optional<std::string> applied;
};

struct ObservedRelease {
    GateState gate = GateState::Missing;
    std::vector<Workload> workloads;
    /// Of the ConfigMaps and Secrets that the workloads' apps name, and others write; "" for what is not there.
    std::map<Published, std::string> configs;
    /// Of the namespace, as long as nothing has passed and nothing is in django_migrations.
    std::vector<RolledTemplate> rolled;
    /// Why these are not known.
    std::optional<Failure> rolled_failure;
    /// Read before anything passes, and before the gate opens for what passed once.
    std::optional<AppliedMigrations> applied;
    /// Of what rolled out and is to be verified; none: nothing is, or they could not be read.
    std::optional<std::vector<AppPod>> new_pods;
    /// The same of the app's sessions on the server.
    std::optional<std::vector<AppSession>> sessions;
    /// What the plans of applied migrations said, the latest first. Read where it matters whether an earlier release
    /// works with the database.
    std::vector<JudgedMigration> judged;
};

/// In groups that each have one reader of the world; nothing is changed after it was read.
struct Observed {
    TimePoint now{};
    ServerLookup server;
    ObservedSecrets secrets;
    /// Why the server did not answer, or refused to.
    std::optional<Failure> server_failure;
    std::optional<AdministratorFacts> administrator;
    std::optional<TenantFacts> tenant;
    Inspection inspection;
    ObservedRelease release;
    std::vector<JobRun> jobs;
};

/// All that differs from what is asked for: in the catalogs, inside the database, and of logins.
std::vector<Drift> all_drift(const Observed&);

/// As asked for, as far as it was looked at.
bool is_configured(const Observed&);

/// There was a time when all was as asked for, or is now: what differs is drift, not yet to be done.
bool is_comparable(const Observed&);

/// Gathers the snapshot. Throws Error when the API server can't be read; what PostgreSQL refuses is
/// in the value.
Observed observe(
    const Desired& desired,
    std::span<const Lane> lanes,
    Cluster& cluster,
    Database& database,
    const Clock& clock,
    TenantCache& cache,
    const CallContext& call
);

/// For what an earlier stage made sure of.
/// @throws std::logic_error when it is not known all the same: a defect of ours, which ends this run
template <class Fact>
const Fact& known(const std::optional<Fact>& fact) {
    if (!fact) {
        throw std::logic_error("a stage used a fact that no earlier one made sure of");
    }
    return *fact;
}

}  // namespace djdb
