// The suite's real server: as tests/postgres/with-server tells of it.
#include "tests/model/conformance/database_under_test.hpp"
#include "tests/postgres/live_server.hpp"

namespace djdb {
namespace {

using postgres::as_superuser;

/// Lends its fixture's access and names; no case of its own.
class Server final : public postgres::LiveServer {
  public:
    void TestBody() override {}
    ServerAccess access() { return access_; }
    Database& database() { return database_; }
    Tenant tenant() {
        const auto names = tenant_names(fresh_tenant().database, {{"reports", ""}});
        return {names, setup_, claimant_of(names)};
    }
};

class LiveUnderTest final : public DatabaseUnderTest {
  public:
    Database& database() override { return server_.database(); }
    ServerAccess access() override { return server_.access(); }
    Tenant fresh_tenant() override { return server_.tenant(); }
    void make_role(const std::string& role) override {
        as_superuser("CREATE ROLE " + role + " LOGIN");
        // The administrator of an adoption has to be able to act as the former owner.
        as_superuser("GRANT " + role + " TO " + server_.access().administrator.user);
    }
    void drop_role(const std::string& role) override {
        as_superuser("DROP OWNED BY " + role);
        as_superuser("DROP ROLE " + role);
    }
    void set_password(const std::string& role, const std::string& password) override {
        as_superuser("ALTER ROLE " + role + " PASSWORD '" + password + "'");
    }
    void grant_createdb(const std::string& role) override {
        as_superuser("ALTER ROLE " + role + " CREATEDB");
    }
    void make_database(const std::string& name, const std::string& owner) override {
        as_superuser("CREATE DATABASE " + name + " OWNER " + owner);
    }
    void drop_database(const std::string& name) override {
        as_superuser("DROP DATABASE " + name + " WITH (FORCE)");
    }
    void rename_database(const std::string& from, const std::string& to) override {
        as_superuser(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '" +
            from + "'"
        );
        as_superuser("ALTER DATABASE " + from + " RENAME TO " + to);
    }
    void give_database(const std::string& name, const std::string& owner) override {
        as_superuser("ALTER DATABASE " + name + " OWNER TO " + owner);
    }
    void close_database(const std::string& name) override {
        as_superuser("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false");
    }
    void let_public_in(const std::string& name) override {
        as_superuser("GRANT CONNECT ON DATABASE " + name + " TO PUBLIC");
    }
    bool has_database(const std::string& name) override {
        return as_superuser("SELECT count(*) FROM pg_database WHERE datname = '" + name + "'") ==
               "1";
    }
    bool has_role(const std::string& name) override {
        return as_superuser("SELECT count(*) FROM pg_roles WHERE rolname = '" + name + "'") == "1";
    }
    void migrate(const Tenant& tenant, const std::string& app, const std::string& name) override {
        as_superuser(
            "SET ROLE " + tenant.names.owner.str() +
                "; CREATE TABLE IF NOT EXISTS django_migrations (app text, name text); INSERT INTO "
                "django_migrations VALUES ('" +
                app + "', '" + name + "')",
            tenant.names.database.str()
        );
    }

  private:
    Server server_;
};

}  // namespace

std::unique_ptr<DatabaseUnderTest> make_database_under_test() {
    return std::make_unique<LiveUnderTest>();
}

}  // namespace djdb
