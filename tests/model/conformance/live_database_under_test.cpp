// The suite's real server: as tests/postgres/with-server tells of it.
#include "tests/model/conformance/database_under_test.hpp"
#include "tests/postgres/live_server.hpp"

namespace djdb {
namespace {

using postgres::as_superuser;

/// Lends its fixture's access and names; no case of its own.
class Server final : public postgres::LiveServer {
  public:
    ServerAccess access() { return access_; }
    Tenant tenant() {
        const auto names = tenant_names(fresh_tenant().database, {{"reports", ""}});
        return {names, setup_, claimant_of(names)};
    }

  private:
    void TestBody() override {}
};

class LiveUnderTest final : public DatabaseUnderTest {
  public:
    Database& database() override { return *database_; }
    void restart() override { database_ = std::make_unique<postgres::PostgresDatabase>(); }
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
    void forbid_login(const std::string& role) override {
        as_superuser("ALTER ROLE " + role + " NOLOGIN");
    }
    void allow_login(const std::string& role) override {
        as_superuser("ALTER ROLE " + role + " LOGIN");
    }
    void remove_comment(const std::string& role) override {
        as_superuser("COMMENT ON ROLE " + role + " IS NULL");
    }
    void grant_elsewhere(const std::string& role) override {
        as_superuser("GRANT CONNECT ON DATABASE postgres TO " + role);
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
    void open_database(const std::string& name) override {
        as_superuser("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true");
    }
    void half_drop(const std::string& name) override {
        as_superuser("UPDATE pg_database SET datconnlimit = -2 WHERE datname = '" + name + "'");
    }
    void make_table(const std::string& database, const std::string& owner) override {
        as_superuser("CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO " + owner, database);
    }
    void disturb_contents(const std::string& database, const std::string& owner) override {
        as_superuser("ALTER SCHEMA public OWNER TO " + owner, database);
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
                "; CREATE TABLE IF NOT EXISTS django_migrations (id bigserial, app text, name "
                "text); "
                "INSERT INTO django_migrations (app, name) VALUES ('" +
                app + "', '" + name + "')",
            tenant.names.database.str()
        );
    }
    void open_session(const Tenant& tenant, const LoginId& login, const Sensitive& password)
        override {
        sessions_.push_back(postgres::Connection::open(
            postgres::tenant_endpoint(
                server_.access(), tenant.names.database, tenant.names.role(login), password
            ),
            postgres::call_for()
        ));
        // Ours says whose it is, and no app's does.
        sessions_.back()->run({"SET application_name = 'shop'"}, postgres::call_for());
    }

  private:
    std::vector<std::unique_ptr<postgres::Connection>> sessions_;
    Server server_;
    std::unique_ptr<postgres::PostgresDatabase> database_ =
        std::make_unique<postgres::PostgresDatabase>();
};

}  // namespace

std::unique_ptr<DatabaseUnderTest> make_database_under_test() {
    return std::make_unique<LiveUnderTest>();
}

}  // namespace djdb
