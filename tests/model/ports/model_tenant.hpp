// The port TenantDatabase over the model server. A call that the real adapter makes of several
// transactions is as many effects here, so that a crash may come between them.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "tests/model/ports/model_database.hpp"

namespace djdb::model {

class ModelTenant final : public TenantDatabase {
  public:
    ModelTenant(World& world, Caller& caller, ServerAccess access, Tenant tenant);

    TenantFacts inspect(const CallContext&) override;
    std::vector<Drift> inspect_contents(const TenantFacts&, const CallContext&) override;
    void claim_and_create_roles(const TenantPasswords&, const AttemptCount&, const CallContext&)
        override;
    void create(const CallContext&) override;
    void configure(const CallContext&) override;
    void prove_login(const LoginId&, const Sensitive& password, const CallContext&) override;
    bool accepts_password(const LoginId&, const Sensitive& password, const CallContext&) override;
    void remove_reader(const RoleName&, const CallContext&) override;
    AppliedMigrations
    read_migrations(const std::string& schema, const Sensitive& password, const CallContext&)
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
    void
    record_verified(const std::vector<PassedTemplate>&, const std::string& said, const CallContext&)
        override;
    void record_passed(const std::vector<PassedTemplate>&, const CallContext&) override;
    void claim_existing(const std::vector<RoleName>& owners, const CallContext&) override;
    void adopt(const CallContext&) override;
    void transfer(const CallContext&) override;
    void reattach(const CallContext&) override;
    std::vector<std::string> retire(const CallContext&) override;
    void drop(const CallContext&) override;

  private:
    enum class Makes { Something, Nothing };
    template <class Apply>
    void effect(const char* what, Makes, Apply&&);
    void log_in(const LoginId&, const Sensitive& password);
    [[nodiscard]] bool is_overtaken() const;
    void take_over();
    void note_deleted();

    World& world_;
    Caller& caller_;
    ServerAccess access_;
    Tenant tenant_;
    Shape shape_;
};

}  // namespace djdb::model
