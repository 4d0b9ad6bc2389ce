// What the reconcilers ask of a PostgreSQL server. The adapter is
// controller/postgres/postgres_database.
//
// Every call works on an administrator's session of the maintenance database with pinned settings,
// and throws Error with the SQLSTATE (or the phase of the connection) as code, and with a reason where
// a condition has one. Each write is
// idempotent: run twice, it leaves the same end. Workers call it; all members may run together.
#pragma once

#include "crds/names.hpp"
#include "crds/sensitive.hpp"
#include "reconcilers/ports/call_context.hpp"
#include "reconcilers/ports/drift.hpp"
#include "reconcilers/ports/passed_template.hpp"
#include "reconcilers/ports/server_access.hpp"
#include "reconcilers/ports/tenant.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace djdb {

/// What the administrator may do, as the catalogs say it.
struct AdministratorFacts {
    std::string user;
    bool is_superuser = false;
    bool can_create_database = false;
    bool can_create_role = false;
    /// To and in the maintenance database; true while it does not exist, since its maker owns it.
    bool may_connect = true;
    bool may_create = true;
    /// End sessions of others; a convenience.
    bool may_signal = false;
    /// The role that owns the ledger, while the administrator may not act as it; else empty.
    std::string ledger_owner;
};

struct ServerFacts {
    std::string version;              ///< "15.18"
    std::int64_t version_number = 0;  ///< 150018
    AdministratorFacts administrator;
    ServerIdentity identity;
    bool has_maintenance_database = false;
    /// Locale and encoding of template0 if no UTF-8 database can be made from it; else empty.
    std::string unfit_template;
    bool has_ledger = false;
    /// Rows of the ledger, retained ones included.
    std::int64_t claims = 0;
    /// Databases for maintenance to which PUBLIC may connect.
    std::vector<std::string> public_connect;
    /// "TLSv1.3"; empty on a socket.
    std::string tls_version;
    /// When the certificate that the server showed expires, as RFC 3339; empty on a socket.
    std::string certificate_expiry;
};

enum class ClaimState {
    Unclaimed,
    Mine,
    RetainedForMe,  ///< its resource was deleted; this one has the same cluster, namespace and name
    OfAnother,
};

enum class DatabaseState {
    Absent,
    Closed,       ///< ours, not yet configured: connections are refused
    Open,         ///< ours
    Adopting,     ///< ours by claim; what is in it still belongs to its former owners
    Lost,         ///< ours was dropped, and nothing has its name
    Replaced,     ///< ours was dropped, and another database has its name
    HalfDropped,  ///< a DROP DATABASE of it did not end: nothing else works on it
    Renamed,      ///< ours has another name
    Reowned,      ///< ours, given to somebody who is neither the administrator nor the owner role
    Foreign,      ///< exists and was not made for this claim
};

enum class RolesState {
    Absent,
    Incomplete,  ///< some exist with our comment, or have rights that no tenant has; creating again
                 ///< completes and corrects them
    Complete,
    Foreign,  ///< a role of one of these names exists without our comment
};

/// An extension that the tenant asks for.
struct ExtensionFacts {
    std::string name;
    bool exists = false;   ///< the server has its files
    bool trusted = false;  ///< the owner of a schema may install it
};

/// One tenant as the server's catalogs and the ledger show it: one round trip.
struct TenantFacts {
    ClaimState claim = ClaimState::Unclaimed;
    std::string claim_holder;  ///< "namespace/name of cluster ..." when OfAnother
    RolesState roles = RolesState::Absent;
    DatabaseState database = DatabaseState::Absent;
    /// An earlier transfer took the claim from this very resource.
    bool lost_by_transfer = false;
    /// The ledger has noted that this very resource was deleted, and takes no claim of it any more.
    bool was_deleted = false;
    std::string database_oid;  ///< that the ledger has noted, else of the database of that name
    /// Of the database with the noted OID, else of the one of that name.
    std::string database_name;
    std::string database_owner;
    /// As asked for, as far as the catalogs of the server show.
    bool database_is_configured = false;
    /// It was so once: what differs now is drift.
    bool was_configured = false;
    /// What differs from what is asked for.
    std::vector<Drift> drift;
    /// Of all facts that drift is judged by.
    std::string fingerprint;
    /// Roles of readers that are no longer requested.
    std::vector<RoleName> removed_readers;
    /// Of those that the setup asks for.
    std::vector<ExtensionFacts> extensions;
    /// PostgreSQL 13 and 14: public still belongs to the bootstrap superuser, who lets everybody
    /// that may connect create in it.
    bool shares_public_schema = false;
    /// At migrations, that were ever prepared: each had a password of its own.
    std::int64_t attempts = 0;
    /// Passed on the database of this OID, most recent last.
    std::vector<PassedTemplate> passed_templates;
    /// The same as the version before noted it, and may read it.
    std::vector<ImageRef> passed_images;
};

/// What a plan said of a migration before it was applied.
struct JudgedMigration {
    /// As app.name.
    std::string name;
    /// The release that ran then works behind it.
    bool is_compatible = false;
    /// What django_migrations held when something had passed last, as name_of() names it; empty: nothing had.
    std::string since;
    /// The dump that was made before it, in words; empty: none was.
    std::string backup;
    friend bool operator==(const JudgedMigration&, const JudgedMigration&) = default;
};

/// Of the app's login in its database, as the server shows it.
struct AppSession {
    /// Empty: on a socket, or the administrator may not see it.
    std::string address;
    /// None: the administrator may not see it.
    std::optional<TimePoint> began;
};

/// What django_migrations holds, read through the migration login: "app.name".
struct AppliedMigrations {
    bool table_exists = false;
    std::vector<std::string> names;
};

/// One tenant's work on one server. Every call works on a session of its own or of the pool; all
/// members may run together. It is not to outlive the Database that it came from.
class TenantDatabase {
  public:
    TenantDatabase() = default;
    TenantDatabase(const TenantDatabase&) = delete;
    TenantDatabase& operator=(const TenantDatabase&) = delete;
    virtual ~TenantDatabase() = default;

    virtual TenantFacts inspect(const CallContext&) = 0;
    /// What differs inside the tenant's database: a session of its own.
    /// @param facts as inspect found them
    virtual std::vector<Drift> inspect_contents(const TenantFacts& facts, const CallContext&) = 0;

    /// Writes the ledger row (made with its schema when absent), or takes over one that was
    /// retained for us, and in the same transaction makes the roles, comments them and sets the
    /// passwords (client-made SCRAM verifiers, unless the server wants them in the clear). Roles
    /// that exist with our comment are completed and get the passwords again. Throws Conflict
    /// OwnershipConflict or RoleConflict, and when an attempt at a migration was counted since inspect() saw so many,
    /// having changed nothing.
    /// @param passwords of all that enabled_logins() names
    /// @param attempts the next one: that the migration login's password is of
    virtual void
    claim_and_create_roles(const TenantPasswords& passwords, const AttemptCount& attempts, const CallContext&) = 0;
    /// CREATE DATABASE, closed to connections, owned from birth. Exists already: no error, inspect
    /// tells whose it is. Throws Terminal DatabaseLost rather than replace one that was there.
    virtual void create(const CallContext&) = 0;
    /// Takes CONNECT from PUBLIC, sets the logins' role and other defaults of their sessions,
    /// opens the database, notes its OID in the ledger, hands public over to the owner role where
    /// the administrator may (15 and later, or as superuser), and arranges schemas, rights on rows
    /// and extensions. Throws Conflict AdoptionNotGranted, having changed nothing, when the
    /// database of that name is not the claimed one.
    virtual void configure(const CallContext&) = 0;

    /// Logs in and checks that the session is as it is to be: session_user, current_user and
    /// current_database; the migration login makes and drops a probe table; a reader reads only.
    /// Throws Conflict LoginRejected when it is not, or the server refuses the login.
    virtual void prove_login(const LoginId&, const Sensitive& password, const CallContext&) = 0;
    /// Whether the server takes the password of this login, also where the database is closed or shut to it. What keeps
    /// it from telling throws.
    virtual bool
    accepts_password(const LoginId&, const Sensitive& password, const CallContext&) = 0;
    /// Disables the login of a reader that is no longer requested, ends its sessions and drops the
    /// role. What it made in the database becomes the owner role's.
    virtual void remove_reader(const RoleName& reader, const CallContext&) = 0;
    virtual AppliedMigrations
    read_migrations(const std::string& schema, const Sensitive& migrate_password, const CallContext&) = 0;
    /// Of this login, ours left out.
    virtual std::vector<AppSession> read_sessions(const LoginId&, const CallContext&) = 0;
    /// Of the database of that name, the latest first: what is kept of its plans.
    virtual std::vector<JudgedMigration> read_judgements(const CallContext&) = 0;
    /// For a migration that is about to begin. What is applied keeps what was said before it was; of anything else
    /// nothing is kept but this. Another database of that name gets none.
    /// @param applied what django_migrations holds
    virtual void
    record_judgements(const std::vector<JudgedMigration>&, const std::vector<std::string>& applied, const CallContext&) = 0;
    /// For the next attempt at a migration. Throws Conflict when another one was counted since inspect() saw so many:
    /// another operator is about to begin it.
    virtual void count_attempt(const AttemptCount&, const CallContext&) = 0;
    /// Gives the migration login the password of this attempt, and ends the sessions that it has: they are of earlier
    /// ones, whose Pods may run on where nobody sees them. Throws Conflict, having ended nothing, when another
    /// attempt was counted since; Transient while a session is left.
    virtual void
    lock_out_earlier_attempts(std::int64_t attempt, const Sensitive& password, const CallContext&) = 0;
    /// Notes in the ledger that these passed on the database of this OID, and their images.
    virtual void record_passed(const std::vector<PassedTemplate>&, const CallContext&) = 0;
    /// Notes what was proven of these, unless they have passed anew since.
    virtual void
    record_verified(const std::vector<PassedTemplate>&, const std::string& said, const CallContext&) = 0;

    /// Claims a database that exists, under its OID. Nothing in it is changed yet, but everything is
    /// looked at first. Throws Terminal AdoptionRefused that lists what is in the way, having
    /// changed nothing.
    /// @param owners whose objects in it may be taken over, beside the database's owner
    virtual void claim_existing(const std::vector<RoleName>& owners, const CallContext&) = 0;
    /// Gives all objects of the former owners to the owner role, and the database to the
    /// administrator, in one transaction. Throws as claim_existing.
    virtual void adopt(const CallContext&) = 0;

    /// Moves the claim of another resource to this one: the roles' comments are renewed, the logins
    /// disabled and their sessions ended. Throws Conflict OwnershipConflict when this very resource
    /// lost the claim in the same way before.
    virtual void transfer(const CallContext&) = 0;
    /// Makes a claim that was kept for this namespace and name this resource's, and disables
    /// whatever logins are left of its predecessor.
    virtual void reattach(const CallContext&) = 0;

    /// Retain: the logins are disabled, their sessions given a moment and then ended, and the logins
    /// dropped; database, owner role and claim are kept for the same namespace and name. Not our
    /// claim: changes nothing.
    /// @return a sentence for each login that could only be disabled, since it is needed elsewhere
    virtual std::vector<std::string> retire(const CallContext&) = 0;
    /// Delete: database, roles and at last the claim go. May be repeated after any crash. Throws
    /// Terminal DropObstructed with what is in the way; Transient Deleting while another
    /// database of the server is being dropped; Conflict ClaimLost when the claim is not ours.
    virtual void drop(const CallContext&) = 0;
};

class Database {
  public:
    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    virtual ~Database() = default;

    /// Sends nothing yet.
    virtual std::unique_ptr<TenantDatabase> of(const ServerAccess&, const Tenant&) = 0;

    /// Looks at whoever answers now, on a session of its own, and changes nothing: where there is no
    /// maintenance database yet it looks from "postgres".
    virtual ServerFacts inspect_server(const ServerAccess&, const CallContext&) = 0;
    /// The rights alone. Throws Terminal BrokenServerVersion for releases that can't be worked with.
    virtual AdministratorFacts inspect_administrator(const ServerAccess&, const CallContext&) = 0;
    /// Of all these tenants in one query; changed facts change it. Unknown ones are left out.
    virtual std::map<DatabaseName, std::string>
    fingerprint_tenants(const ServerAccess&, const std::vector<DatabaseName>&, const CallContext&) = 0;
};

}  // namespace djdb
