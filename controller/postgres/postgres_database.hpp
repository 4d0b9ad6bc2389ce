// The port Database on PostgreSQL 13 to 18 by libpq: orders the statements of reconcilers/sql,
// repeats races, and says in words what went wrong. Workers call it; all members may run at once.
#pragma once

#include "controller/postgres/session/session_pool.hpp"
#include "reconcilers/ports/database.hpp"

#include <chrono>
#include <functional>

namespace djdb::postgres {

class PostgresDatabase : public Database {
  public:
    /// Clears PG* from the environment: build it before threads start.
    PostgresDatabase();

    ServerFacts inspect_server(const ServerAccess&, const CallContext&) override;
    AdministratorFacts inspect_administrator(const ServerAccess&, const CallContext&) override;
    TenantFacts
    inspect_tenant(const ServerAccess&, const TenantNames&, const TenantSetup&, const Claimant&, const CallContext&)
        override;
    std::vector<Drift>
    inspect_contents(const ServerAccess&, const TenantNames&, const TenantSetup&, const TenantFacts&, const CallContext&)
        override;
    std::map<DatabaseName, std::string>
    fingerprint_tenants(const ServerAccess&, const std::vector<DatabaseName>&, const CallContext&)
        override;
    void
    claim_and_create_roles(const ServerAccess&, const TenantNames&, const TenantSetup&, const Claimant&, const TenantPasswords&, const CallContext&)
        override;
    void create_database(const ServerAccess&, const TenantNames&, const CallContext&) override;
    void
    configure_database(const ServerAccess&, const TenantNames&, const TenantSetup&, const Claimant&, const CallContext&)
        override;
    void
    prove_runtime_login(const ServerAccess&, const TenantNames&, const TenantSetup&, const Sensitive& password, const CallContext&)
        override;
    void
    prove_migration_login(const ServerAccess&, const TenantNames&, const Sensitive& password, const CallContext&)
        override;
    void
    prove_reader_login(const ServerAccess&, const TenantNames&, const RoleName& reader, const Sensitive& password, const CallContext&)
        override;
    bool
    accepts_password(const ServerAccess&, const TenantNames&, const RoleName& login, const Sensitive& password, const CallContext&)
        override;
    void
    remove_reader(const ServerAccess&, const TenantNames&, const Claimant&, const RoleName& reader, const CallContext&)
        override;
    AppliedMigrations
    read_migrations(const ServerAccess&, const TenantNames&, const Sensitive& migrate_password, const CallContext&)
        override;
    void
    record_passed_image(const ServerAccess&, const TenantNames&, const Claimant&, const ImageRef&, const CallContext&)
        override;
    void
    claim_existing(const ServerAccess&, const TenantNames&, const TenantSetup&, const Claimant&, const std::vector<RoleName>& owners, const CallContext&)
        override;
    void adopt(const ServerAccess&, const TenantNames&, const Claimant&, const CallContext&)
        override;
    void transfer(const ServerAccess&, const TenantNames&, const Claimant&, const CallContext&)
        override;
    void reattach(const ServerAccess&, const TenantNames&, const Claimant&, const CallContext&)
        override;
    std::vector<std::string>
    retire(const ServerAccess&, const TenantNames&, const Claimant&, const CallContext&) override;
    void drop(const ServerAccess&, const TenantNames&, const Claimant&, const CallContext&)
        override;

  private:
    using Work = std::function<void(Connection&)>;

    /// Runs the work on an administrator's session of the maintenance database; makes that database
    /// and the ledger when they are missing, repeats races up to five times.
    void as_admin(const ServerAccess&, const CallContext&, const Work&);
    void attempt(const Endpoint&, const ServerAccess&, const CallContext&, const Work&);
    /// The same in the tenant's database, on a session that is left at once.
    void within(const ServerAccess&, const TenantNames&, const CallContext&, const Work&);
    /// Those that are missing: trusted ones as the owner role, others as far as they are allowed.
    static void
    install_extensions(Connection&, const TenantNames&, const TenantSetup&, const CallContext&);
    void make_maintenance_database(const ServerAccess&, const CallContext&);
    void make_ledger(const Endpoint&, const CallContext&);
    /// Of the logins of a retained claim, once they had this long to end by themselves.
    void
    end_sessions(const ServerAccess&, const TenantNames&, const Claimant&, std::chrono::milliseconds drain, const CallContext&);
    void
    drop_database(const ServerAccess&, const TenantNames&, const Claimant&, const CallContext&);
    /// Runs the work on a session of one of the tenant's logins, once it acts as the role that it is
    /// to act as.
    void
    as_tenant(const ServerAccess&, const TenantNames&, const RoleName& login, const RoleName& acting_as, const Sensitive& password, const CallContext&, const Work&);

    SessionPool pool_;
};

}  // namespace djdb::postgres
