// The port Database on PostgreSQL 13 to 18 by libpq: orders the statements of reconcilers/sql,
// repeats races, and says in words what went wrong. Workers call it; all members may run together.
#pragma once

#include "controller/postgres/admin_sessions.hpp"
#include "controller/postgres/session/session_pool.hpp"
#include "reconcilers/ports/database.hpp"

namespace djdb::postgres {

class PostgresDatabase : public Database {
  public:
    /// Clears PG* from the environment: build it before threads start.
    PostgresDatabase();

    std::unique_ptr<TenantDatabase> of(const ServerAccess&, const Tenant&) override;
    ServerFacts inspect_server(const ServerAccess&, const CallContext&) override;
    AdministratorFacts inspect_administrator(const ServerAccess&, const CallContext&) override;
    std::map<DatabaseName, std::string>
    fingerprint_tenants(const ServerAccess&, const std::vector<DatabaseName>&, const CallContext&)
        override;

  private:
    SessionPool pool_;
    AdminSessions admin_{pool_};
};

}  // namespace djdb::postgres
