// Who has which role name: table djangodb.claimed_role of the ledger. Names of two tenants can meet
// only where readers are named: reader a of database shop and login a of database shop_ro. Pure;
// any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// Part of create_ledger.
Statement create_claimed_role();

/// After write_claim, in its transaction: takes every name that the tenant may ever use, or raises
/// DJ002 when one of them is another's.
Batch claim_role_names(const TenantNames&);

}  // namespace djdb::sql
