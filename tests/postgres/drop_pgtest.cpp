// Delete: everything of the tenant goes and nothing else, however often it is interrupted.
#include "reconcilers/sql/remove/drop.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/support/a_pass.hpp"

#include <chrono>
#include <functional>
#include <thread>

namespace djdb::postgres {
namespace {

class Drop : public LiveServer {
  protected:
    Drop() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {
        provision(names_, claimant_);
        as_tenant("CREATE TABLE kept AS SELECT 42 AS n");
        database_of(names_, claimant_)->record_passed({a_pass("shop:v1")}, call_for());
    }
    void as_tenant(const std::string& statement) {
        Connection::open(
            tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
        )
            ->run({statement}, call_for());
    }
    void drop() { database_of(names_, claimant_)->drop(call_for()); }
    /// Nothing of it is left on the server.
    void expect_gone() {
        EXPECT_EQ(end_state(names_), "");
        EXPECT_EQ(exists(), "0");
    }
    [[nodiscard]] std::string exists() const {
        return as_superuser("SELECT count(*) FROM pg_database WHERE datname = '" + name_ + "'");
    }
    /// The drop is refused with these words; the database stays, and goes once it is repaired.
    void expect_obstructed(
        const std::string& words, const std::string& repair, const std::string& where
    ) {
        const auto failure = failure_of([&] { drop(); });
        EXPECT_EQ(failure.reason, Reason::DropObstructed) << failure.message;
        EXPECT_NE(failure.message.find(words), std::string::npos) << failure.message;
        EXPECT_EQ(exists(), "1");
        as_superuser(repair, where);
        drop();
        expect_gone();
    }

    TenantNames names_;
    std::string name_ = names_.database.str();
    Claimant claimant_;
};

TEST_F(Drop, LeavesNothing) {
    const auto app = Connection::open(
        tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
    );
    const auto neighbour = fresh_tenant();
    provision(neighbour, claimant_of(neighbour));
    const auto before = end_state(neighbour);
    drop();
    expect_gone();
    EXPECT_EQ(
        failure_of([&] { app->run({"SELECT 1"}, call_for()); }).kind, FailureClass::Transient
    );
    EXPECT_EQ(end_state(neighbour), before);
    // Nothing is left to be claimed by accident, and the name is free.
    provision(names_, claimant_of(names_, "uid-2"));
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
}

TEST_F(Drop, IsOfTheActiveClaimOfThisResourceOnly) {
    const auto before = end_state(names_);
    auto elsewhere = claimant_;
    elsewhere.cluster_id = "cluster-2";
    for (const auto& other : {claimant_of(names_, "uid-2"), elsewhere}) {
        EXPECT_EQ(
            failure_of([&] { database_of(names_, other)->drop(call_for()); }).reason,
            Reason::ClaimLost
        );
    }
    EXPECT_EQ(end_state(names_), before);
    database_of(names_, claimant_)->retire(call_for());
    EXPECT_EQ(failure_of([&] { drop(); }).reason, Reason::ClaimLost) << "a tombstone is kept";
    EXPECT_EQ(exists(), "1");
}

// A second operator that looked before the deletion finishes its run behind it.
TEST_F(Drop, LeavesNothingThatTheDeletedCouldClaim) {
    drop();
    const auto stale = database_of(names_, claimant_);
    for (const auto& act : std::vector<std::function<void()>>{
             [&] { stale->claim_and_create_roles(passwords_, {}, call_for()); },
             [&] { stale->create(call_for()); },
             [&] { stale->configure(call_for()); },
             [&] { stale->transfer(call_for()); }}) {
        EXPECT_EQ(failure_of(act).reason, Reason::ClaimLost);
    }
    expect_gone();
}

TEST_F(Drop, OfADatabaseThatBearsTheNameOfOurs) {
    as_superuser("ALTER DATABASE " + name_ + " RENAME TO " + name_ + "_away");
    as_superuser("CREATE DATABASE " + name_);
    const auto failure = failure_of([&] { drop(); });
    EXPECT_EQ(failure.reason, Reason::DropObstructed) << failure.message;
    EXPECT_EQ(exists(), "1") << "another OID";
    EXPECT_EQ(
        as_superuser("SELECT count(*) FROM pg_database WHERE datname = '" + name_ + "_away'"), "1"
    );
    as_superuser("DROP DATABASE " + name_);
    as_superuser("ALTER DATABASE " + name_ + "_away RENAME TO " + name_);
    drop();
    expect_gone();
}

TEST_F(Drop, OfADatabaseThatWasNeverOpened) {
    const auto young = fresh_tenant();
    database_of(young)->claim_and_create_roles(passwords_, {}, call_for());
    database_of(young)->drop(call_for());
    EXPECT_EQ(end_state(young), "");
    const auto next = database_of(young, claimant_of(young, "uid-2"));
    next->claim_and_create_roles(passwords_, {}, call_for());
    next->create(call_for());
    next->drop(call_for());
    EXPECT_EQ(end_state(young), "");
}

TEST_F(Drop, ObstructedByAPreparedTransaction) {
    Connection::open(
        tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
    )
        ->run_batch(
            {{"BEGIN"}, {"INSERT INTO kept VALUES (1)"}, {"PREPARE TRANSACTION '" + name_ + "'"}},
            call_for()
        );
    expect_obstructed(
        "prepared transaction '" + name_ + "'", "ROLLBACK PREPARED '" + name_ + "'", name_
    );
}

TEST_F(Drop, ObstructedByObjectsInAnotherDatabase) {
    as_superuser("CREATE DATABASE " + name_ + "_other");
    as_superuser(
        "CREATE TABLE t (id int); GRANT SELECT ON t TO " + names_.owner.str(), name_ + "_other"
    );
    expect_obstructed(
        "role " + names_.owner.str() + " owns objects or has rights in database " + name_ +
            "_other",
        "REVOKE SELECT ON t FROM " + names_.owner.str(),
        name_ + "_other"
    );
    as_superuser("DROP DATABASE " + name_ + "_other");
}

TEST_F(Drop, ObstructedByOwningAnotherDatabase) {
    as_superuser("CREATE DATABASE " + name_ + "_other OWNER " + names_.owner.str());
    expect_obstructed(
        "the whole server", "ALTER DATABASE " + name_ + "_other OWNER TO postgres", "postgres"
    );
    as_superuser("DROP DATABASE " + name_ + "_other");
}

TEST_F(Drop, ObstructedByASlotThatItWouldSilentlyDestroy) {
    as_superuser("SELECT pg_create_logical_replication_slot('" + name_ + "', 'pgoutput')", name_);
    expect_obstructed("slot " + name_, "SELECT pg_drop_replication_slot('" + name_ + "')", name_);
}

TEST_F(Drop, ObstructedByASubscription) {
    as_superuser(
        "CREATE SUBSCRIPTION s_" + name_ +
            " CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)",
        name_
    );
    expect_obstructed(
        "subscription s_" + name_,
        "ALTER SUBSCRIPTION s_" + name_ + " DISABLE; ALTER SUBSCRIPTION s_" + name_ +
            " SET (slot_name = NONE); DROP SUBSCRIPTION s_" + name_,
        name_
    );
}

TEST_F(Drop, OfADatabaseThatSomebodyMadeATemplate) {
    as_superuser("ALTER DATABASE " + name_ + " IS_TEMPLATE true");
    drop();
    expect_gone();
}

TEST_F(Drop, StraysOfALoginGoWithTheDatabase) {
    as_tenant("SELECT set_config('role', 'none', false)");
    as_superuser(
        "CREATE TABLE public.stray (id int); ALTER TABLE public.stray OWNER TO " +
            names_.login_a.str(),
        name_
    );
    drop();
    expect_gone();
}

TEST_F(Drop, GoesOnFromWhereverItWasCut) {
    const auto& maintenance = access_.maintenance_database;
    const auto admin = [&] { return Connection::open(admin_endpoint(maintenance), call_for()); };
    cut_everywhere(sql::disable_logins(names_, claimant_), maintenance, names_);
    admin()->run_batch(sql::disable_logins(names_, claimant_), call_for());
    EXPECT_EQ(
        failure_of([&] {
            database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
        }).reason,
        Reason::LoginRejected
    );
    cut_everywhere({sql::end_all_sessions(names_, claimant_)}, maintenance, names_);
    cut_everywhere({sql::list_obstacles_of_drop(names_, claimant_)}, maintenance, names_);
    cut_everywhere(sql::close(names_, claimant_), maintenance, names_);
    admin()->run_batch(sql::close(names_, claimant_), call_for());
    // What an interrupted DROP DATABASE leaves.
    as_superuser("UPDATE pg_database SET datconnlimit = -2 WHERE datname = '" + name_ + "'");
    EXPECT_EQ(
        database_of(names_, claimant_)->inspect(call_for()).database, DatabaseState::HalfDropped
    );
    cut_everywhere(sql::close(names_, claimant_), maintenance, names_);
    admin()->run(sql::drop_database(names_), call_for());
    EXPECT_EQ(database_of(names_, claimant_)->inspect(call_for()).database, DatabaseState::Lost);
    cut_everywhere(sql::drop_roles_and_claim(names_, claimant_), maintenance, names_);
    drop();
    expect_gone();
}

TEST_F(Drop, OfAHalfDroppedDatabase) {
    as_superuser("UPDATE pg_database SET datconnlimit = -2 WHERE datname = '" + name_ + "'");
    drop();
    expect_gone();
}

TEST_F(Drop, OneAtATimeOnAServer) {
    const auto other = Connection::open(admin_endpoint(access_.maintenance_database), call_for());
    other->run(sql::begin_dropping(fresh_tenant()), call_for());
    const auto failure = failure_of([&] { drop(); });
    EXPECT_EQ(failure.reason, Reason::Deleting);
    EXPECT_EQ(failure.kind, FailureClass::Transient);
    EXPECT_EQ(exists(), "1");
}

}  // namespace
}  // namespace djdb::postgres
