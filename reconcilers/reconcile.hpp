// The reconcilers: one straight function each. Read this folder from here.
#pragma once

#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/resync/catalog_resync.hpp"
#include "reconcilers/resync/tenant_cache.hpp"
#include "reconcilers/status/requeue.hpp"
#include "reconcilers/status/status.hpp"

namespace djdb {

/// Brings one DjangoDatabase to what it asks for. Worker threads call it, never twice at once for
/// one key.
/// @throws Error when the API server can't be read or the status can't be written.
class DjangoDatabaseReconciler {
  public:
    DjangoDatabaseReconciler(
        Cluster& cluster,
        Database& database,
        Clock& clock,
        PasswordSource& passwords,
        TenantCache& cache
    )
        : cluster_(cluster),
          database_(database),
          clock_(clock),
          passwords_(passwords),
          cache_(cache) {}

    Requeue operator()(const ObjectKey& key, const CallContext& call);

  private:
    Observed observe_or_say_why_not(
        const DjangoDatabase& object, const Desired& desired, const CallContext& call
    );
    /// Executes the steps, but for one that the cluster's rules refused a moment ago.
    Report carry_out(
        std::span<const Step> steps,
        const Desired& desired,
        const Observed& observed,
        std::optional<WriteBackoff>& backoff,
        const CallContext& call
    );
    void report(
        const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext& call
    );
    void tell(const DjangoDatabase& object, const Condition& ready, const CallContext& call);
    void tell_of_repair(
        const Desired& desired,
        const TenantFacts& tenant,
        std::span<const Step> done,
        const CallContext& call
    );
    /// The gate holds a Deployment whose label names nothing: nobody else would say why.
    void explain_held(const ObjectKey& missing, const CallContext& call);

    Cluster& cluster_;
    Database& database_;
    Clock& clock_;
    PasswordSource& passwords_;
    TenantCache& cache_;
};

/// Says of one PostgresServer whether it can be reached, and its version.
class PostgresServerReconciler {
  public:
    PostgresServerReconciler(
        Cluster& cluster, Database& database, Clock& clock, CatalogResync resync
    )
        : cluster_(cluster), database_(database), clock_(clock), resync_(std::move(resync)) {}

    Requeue operator()(const ObjectName& name, const CallContext& call);

  private:
    Cluster& cluster_;
    Database& database_;
    Clock& clock_;
    CatalogResync resync_;
};

}  // namespace djdb
