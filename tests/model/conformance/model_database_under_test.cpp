#include "tests/model/conformance/database_under_test.hpp"
#include "tests/model/ports/model_database.hpp"

#include <algorithm>

namespace djdb {
namespace {

using namespace model;

class ModelUnderTest final : public DatabaseUnderTest {
  public:
    ModelUnderTest() {
        // The rules look for its resource, which has to be there.
        DjangoDatabase object;
        object.meta.key = {Namespace("shop"), ObjectName("tenant")};
        object.meta.finalizers = {"djangodb.io/database"};
        world_.api.create(object);
    }

    Database& database() override { return database_; }
    void restart() override {}  // there is no state of a process
    ServerAccess access() override {
        ServerAccess access;
        access.administrator.user = kAdministrator;
        return access;
    }
    Tenant fresh_tenant() override {
        return {
            tenant_names(DatabaseName("tenant"), {{"reports", ""}}),
            {},
            {"cluster-1", ResourceUid("uid-1"), {Namespace("shop"), ObjectName("tenant")}}};
    }
    void make_role(const std::string& role) override { state().roles[role]; }
    void drop_role(const std::string& role) override { world_.postgres.drop_role_by_hand(role); }
    void set_password(const std::string& role, const std::string& password) override {
        state().roles.at(role).password = password;
    }
    void forbid_login(const std::string& role) override { state().roles.at(role).login = false; }
    void allow_login(const std::string& role) override { state().roles.at(role).login = true; }
    void remove_comment(const std::string& role) override { state().roles.at(role).mark.clear(); }
    void grant_createdb(const std::string& role) override {
        state().roles.at(role).has_extra_right = true;
    }
    void grant_elsewhere(const std::string& role) override {
        state().roles.at(role).is_needed_elsewhere = true;
    }
    void make_database(const std::string& name, const std::string& owner) override {
        world_.postgres.make_database(name, owner);
    }
    void drop_database(const std::string& name) override { world_.postgres.drop_by_hand(name); }
    void rename_database(const std::string& from, const std::string& to) override {
        world_.postgres.find(from)->name = to;
    }
    void give_database(const std::string& name, const std::string& owner) override {
        world_.postgres.find(name)->owner = owner;
    }
    void close_database(const std::string& name) override {
        world_.postgres.find(name)->is_open = false;
    }
    void open_database(const std::string& name) override {
        world_.postgres.find(name)->is_open = true;
    }
    void half_drop(const std::string& name) override {
        world_.postgres.find(name)->is_half_dropped = true;
    }
    void make_table(const std::string& database, const std::string& owner) override {
        world_.postgres.find(database)->object_owners.insert(owner);
    }
    void disturb_contents(const std::string& database, const std::string&) override {
        world_.postgres.find(database)->contents_arranged = false;
    }
    void let_public_in(const std::string& name) override {
        world_.postgres.find(name)->lets_public_in = true;
    }
    bool has_database(const std::string& name) override {
        return world_.postgres.find(name) != nullptr;
    }
    bool has_role(const std::string& name) override { return state().roles.contains(name); }
    void migrate(const Tenant& tenant, const std::string& app, const std::string& name) override {
        auto* database = world_.postgres.find(tenant.names.database.str());
        database->has_migrations_table = true;
        database->migrations.insert(app + "." + name);
    }
    void open_session(const Tenant& tenant, const LoginId& login, const Sensitive& password)
        override {
        const auto& role = tenant.names.role(login).str();
        const auto& database = tenant.names.database.str();
        world_.postgres.log_in(role, password.reveal(), database);
        world_.postgres.sessions.push_back({role, {}, {}, world_.postgres.find(database)->oid});
    }

  private:
    PgServer::State& state() { return world_.postgres.state; }

    World world_{1, {}, false};
    Caller caller_{"conformance"};
    ModelDatabase database_{world_, caller_};
};

}  // namespace

std::unique_ptr<DatabaseUnderTest> make_database_under_test() {
    return std::make_unique<ModelUnderTest>();
}

}  // namespace djdb
