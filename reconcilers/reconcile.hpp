// The reconcilers: one straight function each. Read this folder from here.
#pragma once

#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/release_records.hpp"
#include "reconcilers/resync/catalog_resync.hpp"
#include "reconcilers/resync/tenant_cache.hpp"
#include "reconcilers/run.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {

/// Brings one DjangoDatabase to what it asks for. Worker threads call it, never twice together for
/// one key.
/// @throws Error when the API server can't be read or the status can't be written.
class DjangoDatabaseReconciler {
  public:
    DjangoDatabaseReconciler(
        Cluster& cluster,
        ReleaseRecords& records,
        Database& database,
        const Clock& clock,
        PasswordSource& passwords,
        TenantCache& cache
    )
        : cluster_(cluster),
          records_(records),
          database_(database),
          clock_(clock),
          passwords_(passwords),
          cache_(cache) {}

    Run operator()(const ObjectKey& key, WakeReason why, const CallContext& call);

  private:
    Observed observe_or_say_why_not(
        const DjangoDatabase& object,
        std::span<const Lane> lanes,
        const Desired& desired,
        const CallContext& call
    );
    /// Executes what was decided and keeps in the cache what the next run has to know.
    Outcomes carry_out(
        const Assessment& assessment,
        const Desired& desired,
        const Observed& observed,
        const CallContext& call
    );
    /// @return whether there was something to write
    bool write_status(
        const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
    );
    void emit(const std::vector<Event>& events, const CallContext& call);

    Cluster& cluster_;
    ReleaseRecords& records_;
    Database& database_;
    const Clock& clock_;
    PasswordSource& passwords_;
    TenantCache& cache_;
};

/// Says of one PostgresServer whether it can be reached, and its version.
class PostgresServerReconciler {
  public:
    PostgresServerReconciler(
        Cluster& cluster, Database& database, const Clock& clock, CatalogResync resync
    )
        : cluster_(cluster), database_(database), clock_(clock), resync_(std::move(resync)) {}

    Run operator()(const ObjectName& name, WakeReason why, const CallContext& call);

  private:
    Cluster& cluster_;
    Database& database_;
    const Clock& clock_;
    CatalogResync resync_;
};

}  // namespace djdb
