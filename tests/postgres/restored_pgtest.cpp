// A server that is not what it was at the last look: restored to a moment of the past, or a standby
// that took its place while the primary runs on.
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"
#include "tests/support/tcp_relay.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <thread>

namespace djdb::postgres {
namespace {

class Restored : public LiveServer {
  protected:
    void claim(const ServerAccess& access, const TenantNames& names) {
        PostgresDatabase database;
        database.of(access, {names, setup_, claimant_of(names)})
            ->claim_and_create_roles(passwords_, {}, call_for());
    }
    /// As the server's own reconciler remembers it, once all of it is on disk.
    static ServerIdentity remembered(const SpareServer& server) {
        const auto last =
            std::stoll(server.as_superuser("SELECT last_value FROM djangodb.revision", "djangodb"));
        const auto until = Deadline::in(std::chrono::seconds{60});
        ServerIdentity found;
        while (found.ledger_revision < last && !until.has_passed()) {
            PostgresDatabase database;
            found = database.inspect_server(server.access(), call_for()).identity;
        }
        EXPECT_EQ(found.ledger_revision, last);
        return found;
    }
    /// How the administrator reaches the copy in the place of the server.
    static ServerAccess in_its_place(const SpareServer& copy, const ServerIdentity& expected) {
        auto access = copy.access();
        access.address.identity.expected = expected;
        return access;
    }
    Failure work_on(const ServerAccess& access, const TenantNames& names) {
        return failure_of([&] { claim(access, names); });
    }
    static std::string roles_of(const SpareServer& server, const TenantNames& names) {
        return server.as_superuser(
            "SELECT count(*) FROM pg_roles WHERE rolname = '" + names.owner.str() + "'"
        );
    }
};

TEST_F(Restored, FromASnapshotOfItsDiskGetsNoStatement) {
    const auto& server = spare();
    claim(server.access(), fresh_tenant());
    const SpareServer snapshot("snapshot", server, SpareServer::Copy::Frozen);
    const auto lost = fresh_tenant();
    claim(server.access(), lost);
    const auto access = in_its_place(snapshot, remembered(server));
    EXPECT_EQ(work_on(access, lost).reason, Reason::ServerRestored);
    EXPECT_EQ(roles_of(snapshot, lost), "0");
}

TEST_F(Restored, ToAMomentBeforeAWriteToTheLedgerGetsNoStatement) {
    const auto& server = spare();
    server.set("wal_keep_size", "1GB");
    claim(server.access(), fresh_tenant());
    const SpareServer backup("backup", server, SpareServer::Copy::Backup);
    claim(server.access(), fresh_tenant());
    server.as_superuser("SELECT pg_create_restore_point('before_the_write')");
    const auto lost = fresh_tenant();
    claim(server.access(), lost);
    const auto expected = remembered(server);
    server.as_superuser("SELECT pg_switch_wal()");
    backup.restore(server, "before_the_write");
    EXPECT_EQ(work_on(in_its_place(backup, expected), lost).reason, Reason::ServerRestored);
    EXPECT_EQ(roles_of(backup, lost), "0");
    server.reset("wal_keep_size");
}

/// What the apps wrote since is gone, and the operator can't know it: all that it wrote is there. The
/// timeline tells that something happened.
TEST_F(Restored, ToAMomentBehindTheLastWriteToTheLedgerIsTheSameOnAnotherTimeline) {
    const auto& server = spare();
    server.set("wal_keep_size", "1GB");
    const auto names = fresh_tenant();
    const SpareServer backup("backup", server, SpareServer::Copy::Backup);
    claim(server.access(), names);
    server.as_superuser("SELECT pg_create_restore_point('behind_the_write')");
    server.as_superuser("CREATE TABLE of_an_app (number integer)");
    const auto expected = remembered(server);
    server.as_superuser("SELECT pg_switch_wal()");
    backup.restore(server, "behind_the_write");
    const auto access = in_its_place(backup, expected);
    PostgresDatabase database;
    const auto found = database.inspect_server(access, call_for()).identity;
    EXPECT_EQ(found.system_identifier, expected.system_identifier);
    EXPECT_EQ(found.ledger_revision, expected.ledger_revision);
    EXPECT_GT(found.timeline, expected.timeline);
    EXPECT_EQ(backup.as_superuser("SELECT to_regclass('of_an_app') IS NULL"), "t");
    EXPECT_NO_THROW(claim(access, names));
    server.as_superuser("DROP TABLE of_an_app");
    server.reset("wal_keep_size");
}

TEST_F(Restored, ASessionOnThePrimaryThatWasReplacedIsNotUsedAgain) {
    const auto& old = spare();
    claim(old.access(), fresh_tenant());
    old.stop();
    const SpareServer promoted("promoted", old, SpareServer::Copy::Standby);
    old.start();
    support::TcpRelay relay(static_cast<std::uint16_t>(old.access().address.port));
    auto access = in_its_place(old, remembered(old));
    access.address.port = relay.port();
    PostgresDatabase database;
    const auto before = fresh_tenant();
    database.of(access, {before, setup_, claimant_of(before)})->inspect(call_for());

    promoted.as_superuser("SELECT pg_promote()");
    relay.lead_to(static_cast<std::uint16_t>(promoted.access().address.port));
    const auto found = database.inspect_server(access, call_for()).identity;
    EXPECT_GT(found.timeline, access.address.identity.expected.timeline);
    access.address.identity.expected = found;
    const auto names = fresh_tenant();
    database.of(access, {names, setup_, claimant_of(names)})
        ->claim_and_create_roles(passwords_, {}, call_for());
    EXPECT_EQ(roles_of(old, names), "0");
    EXPECT_EQ(roles_of(promoted, names), "1");

    // And back: whoever leads to the old one again is told.
    relay.lead_to(static_cast<std::uint16_t>(old.access().address.port));
    PostgresDatabase fresh;
    EXPECT_EQ(
        failure_of([&] {
            fresh.of(access, {names, setup_, claimant_of(names)})->inspect(call_for());
        }).reason,
        Reason::ServerRestored
    );
}

}  // namespace
}  // namespace djdb::postgres
