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

enum class SecretState { Absent, UpToDate, OutOfDate, Foreign };

/// What the looks with sessions of their own found last.
struct Inspection {
    /// What differs inside the database.
    std::vector<Drift> contents;
    /// Logins whose stored password the server refuses.
    std::vector<RoleName> rejected_logins;
};

struct Observed {
    TimePoint now{};
    ServerReference server = ServerReference::NotFound;
    /// What is missing, by name; for the message.
    std::string server_detail;
    std::optional<ServerAccess> access;
    ServerPolicy policy;
    std::optional<Failure> server_failure;
    std::optional<AdministratorFacts> administrator;
    std::optional<TenantFacts> tenant;
    /// The operator's copy, and the passwords in it when none is missing.
    SecretData stored;
    std::optional<TenantPasswords> credentials;
    Inspection inspection;
    SecretState secret = SecretState::Absent;
    /// In the order of spec.access.readers.
    std::vector<SecretState> reader_secrets;
    /// Of the Secrets of the two above, by name; "" where there is none.
    std::map<ObjectName, std::string> secret_versions;
    /// Published for readers that are asked for no more.
    std::vector<ObjectName> leftover_secrets;
    GateState gate = GateState::Missing;
    std::vector<Workload> workloads;
    std::vector<JobRun> jobs;
    /// Read only when a Job said ok whose image is not yet recorded.
    std::optional<AppliedMigrations> applied;
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
template <class Fact>
Fact& known(std::optional<Fact>& fact) {
    return const_cast<Fact&>(known(std::as_const(fact)));
}

}  // namespace djdb
