// One query for all settled tenants of a server: those whose facts are not what they were when they
// were judged last are looked at again (issue: a resync costs no query for each). Any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/resync/tenant_cache.hpp"

#include <functional>
#include <string>

namespace djdb {

class CatalogResync {
  public:
    using Wake = std::function<void(const ObjectKey&)>;

    CatalogResync(Database& database, const TenantCache& cache, Wake wake)
        : database_(database), cache_(cache), wake_(std::move(wake)) {}

    /// Throws as the port does.
    void operator()(const std::string& server, const ServerAccess&, const CallContext&) const;

  private:
    Database& database_;
    const TenantCache& cache_;
    Wake wake_;
};

}  // namespace djdb
