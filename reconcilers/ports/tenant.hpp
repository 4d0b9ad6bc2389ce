// One tenant of a server: its names, its logins, what its database is to look like, and who claims it.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "crds/names.hpp"
#include "crds/sensitive.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

enum class LoginKind {
    A,        ///< the app's login
    B,        ///< the app's other login, for rotation
    Migrate,  ///< the migration Job's
    Reader,   ///< one of spec.access.readers, or the one that dumps
};

/// One of a tenant's logins, whatever its role is called.
struct LoginId {
    LoginKind kind = LoginKind::A;
    /// Of a reader: its name in the spec.
    std::string reader_name = {};

    static LoginId a() { return {LoginKind::A}; }
    static LoginId b() { return {LoginKind::B}; }
    static LoginId migrate() { return {LoginKind::Migrate}; }
    static LoginId reader(std::string name) { return {LoginKind::Reader, std::move(name)}; }

    friend auto operator<=>(const LoginId&, const LoginId&) = default;
};

struct ReaderRole {
    std::string name;  ///< in the spec
    RoleName role;
};

/// The names that belong to one app database; made by tenant_names(), never by hand.
struct TenantNames {
    DatabaseName database;
    RoleName owner;       ///< NOLOGIN; owns the schema
    RoleName login_a;     ///< the app's login; becomes owner on connect
    RoleName login_b;     ///< the other one, for rotation; NOLOGIN at rest
    RoleName migrate;     ///< the migration Job's login; becomes owner on connect
    RoleName read_write;  ///< NOLOGIN; reads and writes rows: the app's logins with ReadWrite
    RoleName read_only;   ///< NOLOGIN; reads rows: what the readers' logins are members of
    /// The readers' logins, in the order of Desired::readers.
    std::vector<ReaderRole> readers = {};

    /// @throws std::out_of_range for a reader that is not among them
    [[nodiscard]] const RoleName& role(const LoginId&) const;
};

/// <database>_owner, _a, _b, _migrate, _rw, _ro, and _ro_<reader> for each reader. The database's
/// name has at most 55 bytes, so none is cut at 63. Injective but for readers: the reader a of
/// database shop and the login a of database shop_ro have one name, which the ledger gives to the
/// first.
TenantNames tenant_names(const DatabaseName& database, const std::vector<ReaderSpec>& readers = {});

/// What the tenant's database is to look like.
struct TenantSetup {
    Ownership ownership = Ownership::Schema;
    RuntimeAccess runtime = RuntimeAccess::Owner;
    /// Beside public.
    std::vector<std::string> schemas;
    std::vector<std::string> extensions;
    /// -1: no limit.
    std::int64_t connection_limit = -1;
    std::string time_zone = "UTC";
    std::chrono::seconds lock_timeout{5};
    /// Of a migration Job.
    std::chrono::seconds migration_deadline{3600};
    /// The one of the app's two logins that the app uses: the other one is NOLOGIN.
    LoginId active_login = LoginId::a();
};

/// Those that may log in and have a password: the app's active one, the migration Job's, the
/// readers'.
std::vector<LoginId> enabled_logins(const TenantNames&, const TenantSetup&);

/// Of the logins that are enabled, each.
using TenantPasswords = std::map<LoginId, Sensitive>;

/// Of attempts at a migration: each has a password of its own, and the ledger counts them.
struct AttemptCount {
    std::int64_t seen = 0;  ///< as inspect() found it
    std::int64_t next = 0;  ///< as it is to be
};

/// Who claims: unique over clusters and over re-creations of a resource.
struct Claimant {
    std::string cluster_id;  ///< UID of the namespace kube-system
    ResourceUid uid;
    ObjectKey key;
};

struct Tenant {
    TenantNames names;
    TenantSetup setup;
    Claimant claimant;
};

}  // namespace djdb
