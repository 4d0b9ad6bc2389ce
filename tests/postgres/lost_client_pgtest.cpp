// A migration whose node is lost says no goodbye: the server itself finds out, and what was locked is free again.
#include "tests/postgres/live_server.hpp"
#include "tests/support/tcp_relay.hpp"

#include <libpq-fe.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

/// As an app has it: ours would bring settings of their own.
class Session {
  public:
    Session(
        const std::string& port,
        const RoleName& user,
        const DatabaseName& database,
        const Sensitive& password
    ) {
        const std::array<const char*, 7> names{
            "host", "port", "user", "dbname", "password", "sslmode", nullptr};
        const std::array<const char*, 7> values{
            "127.0.0.1",
            port.c_str(),
            user.str().c_str(),
            database.str().c_str(),
            password.reveal().c_str(),
            "require",
            nullptr};
        raw_.reset(PQconnectdbParams(names.data(), values.data(), 0));
        EXPECT_EQ(PQstatus(raw_.get()), CONNECTION_OK) << PQerrorMessage(raw_.get());
    }
    [[nodiscard]] std::string ask(const std::string& sql) const {
        const std::unique_ptr<PGresult, decltype(&PQclear)> result(
            PQexec(raw_.get(), sql.c_str()), &PQclear
        );
        EXPECT_LE(PQresultStatus(result.get()), PGRES_TUPLES_OK) << PQerrorMessage(raw_.get());
        return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
    }
    /// Does not wait for the answer.
    void begin(const std::string& sql) const { EXPECT_EQ(PQsendQuery(raw_.get(), sql.c_str()), 1); }

  private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> raw_{nullptr, &PQfinish};
};

class LostClient : public LiveServer {
  protected:
    LostClient() : names_(fresh_tenant()) {
        setup_.migration_deadline = 90min;
        provision(names_, claimant_of(names_));
    }
    [[nodiscard]] Session log_in(std::int64_t port) const {
        return {
            std::to_string(port),
            names_.migrate,
            names_.database,
            passwords_.at(LoginId::migrate())};
    }
    /// What is set for the migration login comes so much sooner: the test is not to take minutes.
    void hasten(int times) const {
        as_superuser(
            "DO $$ DECLARE one record; BEGIN FOR one IN SELECT split_part(s, '=', 1) AS name,"
            " rtrim(split_part(s, '=', 2), 's')::int AS seconds FROM pg_db_role_setting,"
            " unnest(setconfig) s WHERE setrole = '" +
            names_.migrate.str() +
            "'::regrole AND s ~ '^(tcp_|client_).*=[0-9]+s$' LOOP EXECUTE format('ALTER ROLE " +
            names_.migrate.str() + " IN DATABASE " + names_.database.str() +
            " SET %s = %L', one.name, one.seconds / " + std::to_string(times) +
            " || 's'); END LOOP; END $$"
        );
    }
    [[nodiscard]] std::string states() const {
        return as_superuser(
            "SELECT string_agg(state, ',' ORDER BY state) FROM pg_stat_activity WHERE usename = '" +
            names_.migrate.str() + "'"
        );
    }

    TenantNames names_;
};

TEST_F(LostClient, MigrationLoginHasItsBounds) {
    const auto session = log_in(access_.address.port);
    std::map<std::string, std::string> wanted{
        {"tcp_keepalives_idle", "30"},
        {"tcp_keepalives_interval", "10"},
        {"tcp_keepalives_count", "3"},
        {"tcp_user_timeout", "60000"},  // as the socket has it
        {"idle_in_transaction_session_timeout", "90min"}};
    if (server_version() >= 140000) {
        wanted["client_connection_check_interval"] = "10s";
    }
    for (const auto& [name, value] : wanted) {
        EXPECT_EQ(session.ask("SHOW " + name), value) << name;
    }
}

/// One that computes between two statements, one that the server is about to answer, and one amid a long
/// statement, which 13 finishes first.
TEST_F(LostClient, SessionsEndAndTheirLocksGo) {
    hasten(10);
    support::TcpRelay relay(static_cast<std::uint16_t>(access_.address.port));
    std::vector<Session> sessions;
    sessions.push_back(log_in(relay.port()));
    std::ignore = sessions.back().ask("CREATE TABLE orders (id int)");
    std::ignore = sessions.back().ask("BEGIN; LOCK TABLE orders");
    sessions.push_back(log_in(relay.port()));
    sessions.back().begin("SELECT pg_sleep(2)");
    std::string all = "active,idle in transaction";
    if (server_version() >= 140000) {
        sessions.push_back(log_in(relay.port()));
        sessions.back().begin("SELECT pg_sleep(600)");
        all = "active," + all;
    }
    while (states() != all) {
        std::this_thread::sleep_for(10ms);
    }
    relay.lose();
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!states().empty() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(100ms);
    }
    EXPECT_EQ(states(), "");
    as_superuser("SET lock_timeout = '1s'; DROP TABLE orders", names_.database.str());
}

TEST_F(LostClient, NextAttemptLocksItOut) {
    const auto database = database_of(names_);
    const auto lost = log_in(access_.address.port);
    std::ignore = lost.ask("CREATE TABLE orders (id int)");
    std::ignore = lost.ask("BEGIN; LOCK TABLE orders");
    // Nor does what it did to its own role keep it.
    std::ignore =
        lost.ask("SET ROLE none; ALTER ROLE " + names_.migrate.str() + " PASSWORD 'another'");
    const auto busy = log_in(access_.address.port);
    busy.begin("SELECT pg_sleep(600)");
    const auto app = Connection::open(
        tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
    );
    while (states() != "active,idle in transaction") {
        std::this_thread::sleep_for(10ms);
    }

    const auto next = fresh_password();
    const auto seen = database->inspect(call_for()).attempts;
    database->count_attempt({seen, seen + 1}, call_for());
    database->lock_out_earlier_attempts(seen + 1, next, call_for());
    EXPECT_EQ(states(), "");
    EXPECT_FALSE(database->accepts_password(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    ));
    app->run({"SELECT count(*) FROM orders"}, call_for());
    database->prove_login(LoginId::migrate(), next, call_for());
    passwords_.insert_or_assign(LoginId::migrate(), next);
    EXPECT_EQ(log_in(access_.address.port).ask("SELECT 1"), "1");
}

/// Another operator that stood still in between: what it would cut off is the other's Job.
TEST_F(LostClient, OnlyWhoCountedLastEndsSessions) {
    const auto database = database_of(names_);
    database->count_attempt({0, 1}, call_for());
    database->count_attempt({1, 2}, call_for());
    database->lock_out_earlier_attempts(2, passwords_.at(LoginId::migrate()), call_for());
    const auto job = log_in(access_.address.port);
    const auto late =
        failure_of([&] { database->lock_out_earlier_attempts(1, fresh_password(), call_for()); });
    EXPECT_EQ(late.code, "DJ007");
    EXPECT_EQ(job.ask("SELECT 1"), "1");
    EXPECT_TRUE(database->accepts_password(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    ));
}

/// What has the role's name and was made by somebody else.
TEST_F(LostClient, NamesakeIsLeftAlone) {
    const auto job = log_in(access_.address.port);
    const auto database = database_of(names_);
    database->count_attempt({0, 1}, call_for());
    as_superuser("COMMENT ON ROLE " + names_.migrate.str() + " IS 'mine'");
    EXPECT_EQ(
        failure_of([&] { database->lock_out_earlier_attempts(1, fresh_password(), call_for()); }
        ).reason,
        Reason::RoleConflict
    );
    EXPECT_EQ(job.ask("SELECT 1"), "1");
}

}  // namespace
}  // namespace djdb::postgres
