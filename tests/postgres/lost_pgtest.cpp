// What somebody did to a tenant's database by hand: it is never replaced by an empty one.
#include "tests/postgres/live_server.hpp"

namespace djdb::postgres {
namespace {

class Lost : public LiveServer {
  protected:
    Lost() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {
        provision(names_, claimant_);
        Connection::open(
            tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
        )
            ->run({"CREATE TABLE kept AS SELECT 42 AS n"}, call_for());
        oid_ = as_superuser("SELECT oid FROM pg_database WHERE datname = '" + name_ + "'");
    }

    /// Nothing is made or changed in the place of the database; returns the message.
    std::string expect_refused(DatabaseState state, const std::string& databases_of_that_name) {
        const auto facts = database_of(names_, claimant_)->inspect(call_for());
        EXPECT_EQ(facts.database, state);
        EXPECT_EQ(facts.claim, ClaimState::Mine);
        EXPECT_EQ(facts.database_oid, oid_);
        EXPECT_FALSE(facts.database_is_configured);
        const auto before = end_state(names_);
        const auto failure = failure_of([&] { provision(names_, claimant_); });
        EXPECT_TRUE(
            failure.reason == Reason::DatabaseLost || failure.reason == Reason::AdoptionNotGranted
        ) << failure.code
          << ' ' << failure.message;
        EXPECT_EQ(end_state(names_), before);
        EXPECT_EQ(
            as_superuser(
                "SELECT count(*) FROM pg_database WHERE datname = '" + names_.database.str() + "'"
            ),
            databases_of_that_name
        );
        return failure.message;
    }
    /// The app's own row.
    std::string kept() {
        return Connection::open(
                   tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
        )
            ->run({"SELECT n FROM kept"}, call_for())
            .at(0)
            .at(0)
            .value_or("");
    }

    TenantNames names_;
    Claimant claimant_;
    std::string name_ = names_.database.str();
    std::string oid_;
};

TEST_F(Lost, Dropped) {
    as_superuser("DROP DATABASE " + name_ + " WITH (FORCE)");
    const auto message = expect_refused(DatabaseState::Lost, "0");
    EXPECT_NE(message.find("OID " + oid_), std::string::npos) << message;
    // A person has decided.
    as_superuser(
        "UPDATE djangodb.claim SET database_oid = NULL WHERE database = '" + name_ + "'", "djangodb"
    );
    provision(names_, claimant_);
    database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
}

TEST_F(Lost, DroppedAndReplaced) {
    for (const std::string options : {"", " ALLOW_CONNECTIONS false"}) {
        as_superuser("DROP DATABASE " + name_ + " WITH (FORCE)");
        as_superuser("CREATE DATABASE " + name_ + " OWNER " + access_.administrator.user + options);
        expect_refused(DatabaseState::Replaced, "1");
    }
}

TEST_F(Lost, RenamedAndBack) {
    as_superuser("ALTER DATABASE " + name_ + " RENAME TO " + name_ + "_away");
    const auto message = expect_refused(DatabaseState::Renamed, "0");
    EXPECT_NE(message.find("\"" + name_ + "_away\""), std::string::npos) << message;
    as_superuser("ALTER DATABASE " + name_ + "_away RENAME TO " + name_);
    EXPECT_TRUE(database_of(names_, claimant_)->inspect(call_for()).database_is_configured);
    EXPECT_EQ(kept(), "42");
}

TEST_F(Lost, DroppedHalfWay) {
    // What an interrupted DROP DATABASE leaves: no session can enter it any more.
    as_superuser("UPDATE pg_database SET datconnlimit = -2 WHERE datname = '" + name_ + "'");
    EXPECT_EQ(
        database_of(names_, claimant_)->inspect(call_for()).database, DatabaseState::HalfDropped
    );
    failure_of([&] { provision(names_, claimant_); });
    EXPECT_EQ(as_superuser("SELECT oid FROM pg_database WHERE datname = '" + name_ + "'"), oid_);
    as_superuser("DROP DATABASE " + name_);
    expect_refused(DatabaseState::Lost, "0");
}

TEST_F(Lost, GivenToAnotherOwner) {
    const auto look = [&] { return database_of(names_, claimant_)->inspect(call_for()); };
    const auto give_to = [&](const std::string& owner) {
        as_superuser("ALTER DATABASE " + name_ + " OWNER TO " + owner);
    };
    as_superuser("CREATE ROLE " + name_ + "_thief");
    give_to(name_ + "_thief");
    EXPECT_EQ(look().database, DatabaseState::Reowned);
    EXPECT_EQ(look().database_owner, name_ + "_thief");
    EXPECT_EQ(look().database_oid, oid_);
    give_to(names_.owner.str());
    EXPECT_EQ(look().database, DatabaseState::Open) << "as spec.access.ownership Database has it";
    give_to(access_.administrator.user);
    EXPECT_EQ(look().database, DatabaseState::Open);
    EXPECT_FALSE(look().database_is_configured)
        << "with the ownership the owner role's rights went";
    provision(names_, claimant_);
    EXPECT_EQ(as_superuser("SELECT oid FROM pg_database WHERE datname = '" + name_ + "'"), oid_);
    EXPECT_EQ(kept(), "42");
}

}  // namespace
}  // namespace djdb::postgres
