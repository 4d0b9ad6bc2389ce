// Deletion with Retain: the logins go; database, owner role and claim stay. The same way an old
// tenant's logins are disabled before a new resource takes its database over. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <string>
#include <vector>

namespace djdb::sql {

/// One transaction: the claim becomes retained, its logins can't log in. Changes nothing when the
/// claim is not this resource's.
Batch retire(const TenantNames&, const Claimant&);

/// The same for a resource made anew, whose predecessor may have gone without its logins being
/// disabled: the retained claim is this resource's from now on.
Batch reattach(const TenantNames&, const Claimant&);

/// How many sessions the logins still have, while the claim is retained for this claimant.
Statement count_sessions(const TenantNames&, const Claimant&);

/// Ends the logins' sessions, but only while the claim is retained for this claimant.
Statement end_sessions(const TenantNames&, const Claimant&);

/// Logins that own something in the tenant's database or have rights there of their own, while it
/// can be entered.
Statement find_foreign_owners(const TenantNames&, const Claimant&);

/// Drops the logins, but for those that are still needed somewhere: those stay disabled.
Batch drop_logins(const TenantNames&, const Claimant&);

/// Rows of sentences: a login that could not be dropped, what holds it, and what to run.
Statement list_kept_logins(const TenantNames&, const Claimant&);

}  // namespace djdb::sql
