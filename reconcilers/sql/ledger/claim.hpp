// The ledger: schema djangodb of the maintenance database, written by nobody but the administrator.
// It decides whose a database is; the comments on roles are hints that a DBA reads. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <string>

namespace djdb::sql {

/// SQLSTATEs that our own checks raise inside a transaction, which undoes everything in it.
inline constexpr const char* kClaimedByOther = "DJ001";
inline constexpr const char* kForeignRole = "DJ002";
inline constexpr const char* kForeignDatabase = "DJ003";
inline constexpr const char* kNotOurClaim = "DJ004";

/// First key of every advisory lock of ours: "djdb" in ASCII.
inline constexpr const char* kLockSpace = "1684694114";

/// Makes schema and tables when absent, under a lock that two operators share.
Batch create_ledger();

/// The comment that our roles have: the same for a resource that was deleted and made again.
std::string role_comment(const TenantNames&, const Claimant&);

/// The same as an expression over this row of djangodb.claim.
std::string former_role_comment(const std::string& row);

/// A condition: the role bears our comment. Not by shobj_description(), whose own body goes by
/// search_path before PostgreSQL 14.
/// @param role an expression for its OID
std::string has_comment(const std::string& role, const TenantNames&, const Claimant&);

/// Of the advisory lock by which one session at a time changes a tenant.
std::string lock_name(const TenantNames&);

/// Serialises everything that changes one tenant; held until the transaction ends.
Statement lock_tenant(const TenantNames&);

/// A condition on djdb.claim that is true for this claimant's active row only.
std::string is_mine(const TenantNames&, const Claimant&);

/// The same whether the row is active or retained.
std::string is_of_resource(const TenantNames&, const Claimant&);

/// Of this cluster, namespace and name, whichever UID the resource had.
std::string is_of_key(const TenantNames&, const Claimant&);

/// True for rows `r` of pg_roles that are this tenant's: the ledger has their names, and a namesake
/// without our comment is not ours.
std::string are_own_roles(const TenantNames&, const Claimant&);

/// Raises DJ001 or DJ002 when the claim or a role is somebody else's, whatever the database is.
Statement refuse_foreign_roles(const TenantNames&, const TenantSetup&, const Claimant&);

/// Raises DJ001, DJ002 or DJ003 when the claim, a role or the database is somebody else's.
Statement refuse_foreign(const TenantNames&, const TenantSetup&, const Claimant&);

/// Part of every transaction that changes whose a database is: the ledger's revision only grows, so
/// that a ledger of the past is known by a lower one. Late in it, since from here on others wait. Not
/// by nextval(), which puts 32 values in the log ahead of itself: a restored ledger would seem newer
/// than it is.
Statement count_revision();

/// Writes the row, or takes over the one that was kept for the same cluster, namespace and name.
Statement write_claim(const TenantNames&, const Claimant&);

/// A condition: the deletion of this resource has begun.
std::string is_deleted(const TenantNames&, const Claimant&);

/// Comes before anything of a resource's deletion. A second operator that looked before it would make
/// a claim, roles and a database anew for a resource that is gone: UIDs never come back, so from here
/// on the ledger takes no claim of this one.
Batch note_deleted(const TenantNames&, const Claimant&);

/// Raises DJ004 once this resource's deletion was noted. Belongs behind the lock, into each
/// transaction that writes a claim.
Statement refuse_deleted(const TenantNames&, const Claimant&);

/// Raises DJ004 unless the active claim is ours.
Statement require_claim(const TenantNames&, const Claimant&);

/// True for rows `c` of djdb.claim and `d` of pg_database that belong together: the one whose OID
/// the ledger has noted, or, before it has noted any, the closed one that this administrator made.
/// A name alone proves nothing: anybody with CREATEDB may have taken it since the claim was
/// written.
inline constexpr const char* kIsClaimedDatabase =
    "(d.oid::bigint = c.database_oid OR (c.database_oid IS NULL AND NOT d.datallowconn AND"
    " d.datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)))";

/// Raises DJ003 unless the database of that name is the claimed one.
Statement require_claimed_database(const TenantNames&);

}  // namespace djdb::sql
