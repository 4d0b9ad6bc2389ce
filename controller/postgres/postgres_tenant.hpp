// One tenant of a PostgreSQL server. Its members stand in provisioning, adoption, deletion and
// tenant_login, each with what it is about. All may run together.
#pragma once

#include "controller/postgres/admin_sessions.hpp"
#include "controller/postgres/session/session_pool.hpp"
#include "reconcilers/ports/database.hpp"

#include <chrono>
#include <utility>

namespace djdb::postgres {

class PostgresTenant : public TenantDatabase {
  public:
    PostgresTenant(SessionPool& pool, ServerAccess access, Tenant tenant)
        : pool_(pool),
          admin_(pool),
          access_(std::move(access)),
          names_(std::move(tenant.names)),
          setup_(std::move(tenant.setup)),
          claimant_(std::move(tenant.claimant)) {}

    TenantFacts inspect(const CallContext&) override;
    std::vector<Drift> inspect_contents(const TenantFacts& facts, const CallContext&) override;
    void
    claim_and_create_roles(const TenantPasswords& passwords, const AttemptCount& attempts, const CallContext&)
        override;
    void create(const CallContext&) override;
    void configure(const CallContext&) override;
    void prove_login(const LoginId&, const Sensitive& password, const CallContext&) override;
    bool accepts_password(const LoginId&, const Sensitive& password, const CallContext&) override;
    void remove_reader(const RoleName& reader, const CallContext&) override;
    AppliedMigrations
    read_migrations(const std::string& schema, const Sensitive& migrate_password, const CallContext&)
        override;
    void count_attempt(const AttemptCount&, const CallContext&) override;
    void
    lock_out_earlier_attempts(std::int64_t attempt, const Sensitive& password, const CallContext&)
        override;
    std::vector<JudgedMigration> read_judgements(const CallContext&) override;
    void
    record_judgements(const std::vector<JudgedMigration>&, const std::vector<std::string>& applied, const CallContext&)
        override;
    std::vector<AppSession> read_sessions(const LoginId&, const CallContext&) override;
    void record_passed(const std::vector<PassedTemplate>&, const CallContext&) override;
    void
    record_verified(const std::vector<PassedTemplate>&, const std::string& said, const CallContext&)
        override;
    void claim_existing(const std::vector<RoleName>& owners, const CallContext&) override;
    void adopt(const CallContext&) override;
    void transfer(const CallContext&) override;
    void reattach(const CallContext&) override;
    std::vector<std::string> retire(const CallContext&) override;
    void drop(const CallContext&) override;

  private:
    /// In the maintenance database.
    void as_admin(const CallContext& call, const Work& work) { admin_.run(access_, call, work); }
    /// In the tenant's database.
    void within(const CallContext& call, const Work& work) {
        admin_.run_within(access_, names_, call, work);
    }
    /// On a session of this login, once it acts as the role that it is to act as.
    void as_tenant(const LoginId&, const Sensitive& password, const CallContext&, const Work&);
    [[nodiscard]] const RoleName& acting_role(const LoginId&) const;

    /// Those that are missing: trusted ones as the owner role, others as far as they are allowed.
    void install_extensions(Connection&, const CallContext&) const;
    /// Of the logins of a retained claim, once they had this long to end by themselves.
    void end_sessions(std::chrono::milliseconds drain, const CallContext&);
    void drop_database(const CallContext&);

    SessionPool& pool_;
    AdminSessions admin_;
    const ServerAccess access_;
    const TenantNames names_;
    const TenantSetup setup_;
    const Claimant claimant_;
};

}  // namespace djdb::postgres
