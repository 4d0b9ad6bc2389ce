// Each way in which a server can't be reached has its own reason.
#include "tests/postgres/live_server.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace djdb::postgres {
namespace {

class Connect : public LiveServer {};

TEST_F(Connect, WrongAdminPassword) {
    access_.administrator.password = fresh_password();
    const auto failure = failure_of([&] { database_.inspect_server(access_, call_for()); });
    EXPECT_EQ(failure.reason, Reason::AuthRejected);
    EXPECT_EQ(failure.kind, FailureClass::Forbidden);
    EXPECT_NE(failure.message.find("28P01"), std::string::npos) << failure.message;
    EXPECT_NE(failure.message.find(access_.administrator.user), std::string::npos)
        << failure.message;
    EXPECT_EQ(failure.message.find(access_.administrator.password.reveal()), std::string::npos);
}

TEST_F(Connect, ServerOfAnotherAuthority) {
    access_.address.tls.ca_pem = foreign_ca();
    const auto failure = failure_of([&] { database_.inspect_server(access_, call_for()); });
    EXPECT_EQ(failure.reason, Reason::TLSVerifyFailed) << failure.message;
    EXPECT_EQ(failure.kind, FailureClass::Transient);
}

TEST_F(Connect, NoAuthorityAtAll) {
    access_.address.tls.ca_pem.clear();
    EXPECT_EQ(
        failure_of([&] { database_.inspect_server(access_, call_for()); }).reason,
        Reason::TLSVerifyFailed
    );
}

TEST_F(Connect, ServerDown) {
    access_.address.port = 1;
    const auto failure = failure_of([&] { database_.inspect_server(access_, call_for()); });
    EXPECT_EQ(failure.reason, Reason::TCPUnreachable) << failure.message;
    EXPECT_EQ(failure.kind, FailureClass::Transient);
    EXPECT_NE(failure.message.find("localhost:1: "), std::string::npos) << failure.message;
}

TEST_F(Connect, NameThatDoesNotResolve) {
    access_.address.host = "no-such-host.invalid";
    EXPECT_EQ(
        failure_of([&] { database_.inspect_server(access_, call_for()); }).reason, Reason::DNSFailed
    );
}

TEST_F(Connect, HostThatWouldBeAList) {
    access_.address.host = "localhost,elsewhere";
    EXPECT_EQ(
        failure_of([&] { database_.inspect_server(access_, call_for()); }).reason, Reason::DNSFailed
    );
}

TEST_F(Connect, MissingDatabase) {
    const auto failure =
        failure_of([&] { Connection::open(admin_endpoint("no_such_database"), call_for()); });
    EXPECT_EQ(failure.reason, Reason::DatabaseMissing) << failure.message;
}

TEST_F(Connect, ConnectionStringAsDatabaseNameIsAName) {
    const auto failure =
        failure_of([&] { Connection::open(admin_endpoint("dbname=postgres"), call_for()); });
    EXPECT_EQ(failure.reason, Reason::DatabaseMissing) << failure.message;
}

TEST_F(Connect, StopEndsTheWait) {
    std::stop_source source;
    CallContext call{source.get_token(), Deadline::in(std::chrono::seconds{60}), "test"};
    const auto session = Connection::open(admin_endpoint("postgres"), call);
    const std::jthread stopper([&] { source.request_stop(); });
    EXPECT_EQ(failure_of([&] { session->run({"SELECT pg_sleep(50)"}, call); }).code, "Stopped");
    EXPECT_FALSE(session->is_usable());
}

TEST_F(Connect, DeadlineEndsTheWait) {
    const auto session = Connection::open(admin_endpoint("postgres"), call_for());
    const CallContext brief_call{{}, Deadline::in(std::chrono::milliseconds{200}), "test"};
    EXPECT_EQ(
        failure_of([&] { session->run({"SELECT pg_sleep(50)"}, brief_call); }).code, "Timeout"
    );
}

TEST_F(Connect, AdministratorsSettingsArePinned) {
    const auto call = call_for();
    const auto session = Connection::open(admin_endpoint("postgres"), call);
    EXPECT_EQ(session->run({"SHOW search_path"}, call).at(0).at(0), "pg_catalog,pg_temp");
    EXPECT_EQ(session->run({"SHOW application_name"}, call).at(0).at(0), "djangodb-operator/test");
    EXPECT_EQ(
        session
            ->run(
                {"SELECT version >= 'TLSv1.2' FROM pg_stat_ssl WHERE pid = pg_backend_pid()"}, call
            )
            .at(0)
            .at(0),
        "t"
    );
}

TEST_F(Connect, SessionKilledWhileIdleIsReplaced) {
    const auto names = fresh_tenant();
    database_of(names)->inspect(call_for());
    as_superuser(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '" +
        access_.administrator.user + "'"
    );
    database_of(names)->inspect(call_for());
}

TEST_F(Connect, KilledInTheMiddleThenCompleted) {
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    database_of(names, claimant)->inspect(call_for());
    // The ledger's lock holds the roles' transaction in its middle until its session is ended.
    const auto holder = Connection::open(admin_endpoint(access_.maintenance_database), call_for());
    holder->run({"BEGIN"}, call_for());
    holder->run({"LOCK TABLE djangodb.claim IN ACCESS EXCLUSIVE MODE"}, call_for());
    std::jthread killer([&] {
        const auto until = Deadline::in(std::chrono::seconds{30});
        const std::string waiting =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = "
            "'Lock' AND usename "
            "= '" +
            access_.administrator.user + "'";
        while (as_superuser(waiting) == "0" && !until.has_passed()) {
            std::this_thread::yield();
        }
    });
    // Without idle sessions: the loss of a reused one would be repeated immediately.
    PostgresDatabase fresh;
    const auto failure = failure_of([&] {
        fresh.of(access_, {names, setup_, claimant})
            ->claim_and_create_roles(passwords_, {}, call_for());
    });
    EXPECT_EQ(failure.code, "ConnectionLost") << failure.message;
    EXPECT_EQ(failure.kind, FailureClass::Transient);
    killer.join();
    holder->run({"ROLLBACK"}, call_for());
    EXPECT_EQ(database_of(names, claimant)->inspect(call_for()).claim, ClaimState::Unclaimed);
    provision(names, claimant);
    database_of(names)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
}

TEST_F(Connect, EnvironmentOfLibpqIsForgotten) {
    ASSERT_EQ(::setenv("PGOPTIONS", "-c search_path=planted", 1), 0);
    ASSERT_EQ(::setenv("PGSSLMODE", "disable", 1), 0);
    const PostgresDatabase database;
    EXPECT_EQ(std::getenv("PGOPTIONS"), nullptr);
    EXPECT_EQ(std::getenv("PGSSLMODE"), nullptr);
}

}  // namespace
}  // namespace djdb::postgres
