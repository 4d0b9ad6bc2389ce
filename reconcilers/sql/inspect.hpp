// One query that reads a tenant from the catalogs and the ledger. Pure.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

namespace djdb::sql {

Statement inspect_tenant(const TenantNames&, const TenantSetup&, const Claimant&);
/// Understands the one row of inspect_tenant.
TenantFacts tenant_facts(const Row&, const TenantNames&, const TenantSetup&, const Claimant&);

}  // namespace djdb::sql
