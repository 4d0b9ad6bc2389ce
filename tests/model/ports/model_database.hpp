// The port Database over the model server, for one operator process.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "tests/model/ports/translate.hpp"
#include "tests/model/world/world.hpp"

namespace djdb::model {

/// A session begins: the server answers, may write, and is the one that is expected.
void enter(const PgServer& server, const ServerAccess& access);

/// A call that changes nothing.
template <class Take>
auto look(World& world, Caller& caller, const char* what, const ServerAccess& access, Take&& take) {
    return translated(FailureOrigin::Postgres, [&] {
        world.faults.read(caller, what);
        enter(world.postgres, access);
        return take(std::as_const(world.postgres));
    });
}

class ModelDatabase final : public Database {
  public:
    ModelDatabase(World& world, Caller& caller) : world_(world), caller_(caller) {}

    std::unique_ptr<TenantDatabase> of(const ServerAccess&, const Tenant&) override;
    ServerFacts inspect_server(const ServerAccess&, const CallContext&) override;
    AdministratorFacts inspect_administrator(const ServerAccess&, const CallContext&) override;
    std::map<DatabaseName, std::string>
    fingerprint_tenants(const ServerAccess&, const std::vector<DatabaseName>&, const CallContext&)
        override;

  private:
    World& world_;
    Caller& caller_;
};

}  // namespace djdb::model
