// Whoever answers at host and port is asked first who it is: another server, or the same one of an
// earlier day, gets no other statement.
#include "reconcilers/server/identity.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"
#include "tests/support/tcp_relay.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <thread>
#include <vector>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;

class Identity : public LiveServer {
  protected:
    /// A revision whose WAL is not on disk within a second is told by a later look: an idle server's
    /// WAL writer sleeps for five.
    ServerIdentity look(const ServerAccess& access) {
        auto found = database_.inspect_server(access, call_for()).identity;
        for (int i = 0; i < 30 && found.ledger_revision == 0; ++i) {
            found = database_.inspect_server(access, call_for()).identity;
        }
        return found;
    }

    /// All that could have been changed on it.
    static std::string state_of(const SpareServer& server) {
        return server.as_superuser(
            "SELECT concat((SELECT count(*) FROM pg_database), ' ', (SELECT count(*) FROM "
            "pg_authid), ' ', (SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database))"
        );
    }
};

TEST_F(Identity, IsTheServersOwn) {
    const auto names = fresh_tenant();
    provision(names, claimant_of(names));
    const auto found = look(access_);
    EXPECT_EQ(
        found.system_identifier, as_superuser("SELECT system_identifier FROM pg_control_system()")
    );
    EXPECT_EQ(
        std::to_string(found.timeline),
        as_superuser("SELECT timeline_id FROM pg_control_checkpoint()")
    );
    access_.address.identity.expected = found;
    EXPECT_EQ(look(access_), found);
}

TEST_F(Identity, AnotherServerBehindTheSamePortGetsNoStatement) {
    // With the same CA and the same login, so that nothing else stops it.
    const auto& other = spare();
    support::TcpRelay relay(static_cast<std::uint16_t>(access_.address.port));
    auto access = access_;
    access.address.port = relay.port();
    access.address.tls.ca_pem += "\n" + other.access().address.tls.ca_pem;
    other.set_password(access.administrator.password);
    access.address.identity.expected = look(access);
    const auto names = fresh_tenant();
    const auto claimant = claimant_of(names);
    const auto untouched = state_of(other);
    database_.of(access, {names, setup_, claimant})->inspect(call_for());

    relay.lead_to(static_cast<std::uint16_t>(other.access().address.port));
    PostgresDatabase moved;  // with no session to the first one
    const auto failure = failure_of([&] {
        moved.of(access, {names, setup_, claimant})->inspect(call_for());
    });
    EXPECT_EQ(failure.reason, Reason::ServerIdentityChanged);
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    const auto found = other.as_superuser("SELECT system_identifier FROM pg_control_system()");
    // With the revision of its ledger, if other tests have made one.
    const auto advice = "djangodb.io/accept-server=" + found + ":";
    ASSERT_THAT(failure.message, HasSubstr(advice));
    const auto revision = std::to_string(
        std::stoi(failure.message.substr(failure.message.find(advice) + advice.size()))
    );
    EXPECT_EQ(
        failure_of([&] {
            moved.of(access, {names, setup_, claimant})
                ->claim_and_create_roles(passwords_, {}, call_for());
        }).reason,
        Reason::ServerIdentityChanged
    );
    EXPECT_EQ(
        failure_of([&] {
            moved.of(access, {names, setup_, claimant_of(names)})->create(call_for());
        }).reason,
        Reason::ServerIdentityChanged
    );
    EXPECT_EQ(
        failure_of([&] {
            moved.of(access, {names, setup_, claimant})->retire(call_for());
        }).reason,
        Reason::ServerIdentityChanged
    );
    EXPECT_EQ(state_of(other), untouched);

    // One that had a session before the swap keeps to the server that it knows; a look does not.
    EXPECT_NO_THROW(database_.of(access, {names, setup_, claimant})->inspect(call_for()));
    EXPECT_EQ(failure_of([&] { look(access); }).reason, Reason::ServerIdentityChanged);

    access.address.identity.accepted = read_acknowledgement(found + ":9" + revision);
    EXPECT_EQ(failure_of([&] { look(access); }).reason, Reason::ServerIdentityChanged)
        << "not this one";
    access.address.identity.accepted = read_acknowledgement(found + ":" + revision);
    EXPECT_EQ(look(access).system_identifier, found);
    relay.cut();
    other.set_password(other.access().administrator.password);
}

TEST_F(Identity, ServerRestoredFromAnOldCopyGetsNoStatement) {
    const auto& server = spare();
    auto access = server.access();
    const auto before = fresh_tenant();
    const auto after = fresh_tenant();
    PostgresDatabase database;
    const auto claim = [&](const TenantNames& names) {
        database.of(access, {names, setup_, claimant_of(names)})
            ->claim_and_create_roles(passwords_, {}, call_for());
    };
    claim(before);
    server.stop();
    const SpareServer backup("backup", server, SpareServer::Copy::Cold);
    server.start();
    claim(after);
    access.address.identity.expected = look(access);
    EXPECT_GT(access.address.identity.expected.ledger_revision, 0);

    // The old copy takes the place of the server.
    access.address.port = backup.access().address.port;
    const auto untouched = state_of(backup);
    PostgresDatabase restored;
    const auto failure = failure_of([&] {
        restored.of(access, {after, setup_, claimant_of(after)})->inspect(call_for());
    });
    EXPECT_EQ(failure.reason, Reason::ServerRestored);
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    EXPECT_EQ(
        failure_of([&] {
            restored.of(access, {after, setup_, claimant_of(after)})
                ->claim_and_create_roles(passwords_, {}, call_for());
        }).reason,
        Reason::ServerRestored
    );
    EXPECT_EQ(state_of(backup), untouched);

    access.address.identity.accepted = look(backup.access());
    EXPECT_LT(
        access.address.identity.accepted.ledger_revision,
        access.address.identity.expected.ledger_revision
    );
    EXPECT_THAT(failure.message, HasSubstr(acknowledgement_of(access.address.identity.accepted)));
    EXPECT_EQ(look(access), access.address.identity.accepted);
}

TEST_F(Identity, LedgerThatWasDroppedIsNotMadeAnew) {
    const auto& server = spare();
    auto access = server.access();
    access.maintenance_database = "short_lived";
    PostgresDatabase database;
    const auto names = fresh_tenant();
    database.of(access, {names, setup_, claimant_of(names)})
        ->claim_and_create_roles(passwords_, {}, call_for());
    access.address.identity.expected = look(access);
    server.as_superuser("DROP DATABASE short_lived WITH (FORCE)");
    PostgresDatabase fresh;
    EXPECT_EQ(
        failure_of([&] {
            fresh.of(access, {names, setup_, claimant_of(names)})->inspect(call_for());
        }).reason,
        Reason::ServerRestored
    );
    EXPECT_EQ(failure_of([&] { look(access); }).reason, Reason::ServerRestored);
    EXPECT_EQ(
        server.as_superuser("SELECT count(*) FROM pg_database WHERE datname = 'short_lived'"), "0"
    );
}

TEST_F(Identity, RevisionThatACrashCouldTakeBackIsNotRemembered) {
    auto& server = spare();
    auto access = server.access();
    const auto names = fresh_tenant();
    PostgresDatabase database;
    database.of(access, {names, setup_, claimant_of(names)})
        ->claim_and_create_roles(passwords_, {}, call_for());
    access.address.identity.expected = look(access);
    const auto ask = [&](const std::string& sql) { return server.as_superuser(sql, "djangodb"); };
    // Nobody else brings the log to the disk.
    const std::vector<std::string> settings{
        "autovacuum", "bgwriter_lru_maxpages", "checkpoint_timeout"};
    server.set("autovacuum", "off");
    server.set("bgwriter_lru_maxpages", "0");
    server.set("checkpoint_timeout", "1h");
    const auto pid_of = [&](const std::string& kind) {
        return static_cast<pid_t>(
            std::stoi(ask("SELECT pid FROM pg_stat_activity WHERE backend_type = '" + kind + "'"))
        );
    };
    const auto postmaster = static_cast<pid_t>(
        std::stoi(ask("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"))
    );
    const auto writer = pid_of("walwriter");
    ask("CHECKPOINT");
    ::kill(writer, SIGSTOP);
    // More than the 32 values that a sequence puts in the log ahead of itself.
    const auto seen = std::stoll(
        ask("SET synchronous_commit = off; SELECT max(nextval('djangodb.revision')) FROM "
            "generate_series(1, 70)")
    );
    const auto remembered = look(access);
    EXPECT_EQ(ask("SELECT last_value FROM djangodb.revision"), std::to_string(seen));
    EXPECT_EQ(remembered.ledger_revision, access.address.identity.expected.ledger_revision);
    ::kill(postmaster, SIGKILL);
    ::kill(writer, SIGKILL);
    const auto until = Deadline::in(std::chrono::seconds{30});
    while ((::kill(postmaster, 0) == 0 || ::kill(writer, 0) == 0) && !until.has_passed()) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    server.start();
    EXPECT_LT(std::stoll(ask("SELECT last_value FROM djangodb.revision")), seen)
        << "the crash has taken it back";
    access.address.identity.expected = remembered;
    EXPECT_NO_THROW(look(access));

    ask("SELECT nextval('djangodb.revision')");
    const auto last = std::stoll(ask("SELECT last_value FROM djangodb.revision"));
    EXPECT_EQ(look(access).ledger_revision, last) << "what is on disk is remembered";
    for (const auto& setting : settings) {
        server.reset(setting);
    }
}

TEST_F(Identity, ServerThatDoesNotTellIsKnownByItsLedger) {
    const auto& server = spare();
    auto access = server.access();
    access.maintenance_database = "postgres";  // rights on functions are of one database
    access.address.identity.expected = {"something else", 7, 0};
    server.as_superuser("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    const auto in_this_database = look(access);
    server.as_superuser("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC");
    EXPECT_EQ(in_this_database.system_identifier, "") << "as with providers that take it away";
}

}  // namespace
}  // namespace djdb::postgres
