// One query that reads a tenant from the catalogs and the ledger. Pure.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

Statement inspect_tenant(const TenantNames&, const TenantSetup&, const Claimant&);
/// Understands the one row of inspect_tenant.
TenantFacts tenant_facts(const Row&, const TenantNames&, const TenantSetup&, const Claimant&);

}  // namespace djdb::sql
