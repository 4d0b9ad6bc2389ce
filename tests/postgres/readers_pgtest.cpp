// Readers: logins that read and nothing else, from the first to the last day.
#include "tests/postgres/live_server.hpp"

namespace djdb::postgres {
namespace {

class Readers : public LiveServer {
  protected:
    Readers() : names_(fresh_tenant()) { ask_for({"reports", "bi"}); }

    void ask_for(const std::vector<std::string>& readers) {
        std::vector<ReaderSpec> specs;
        for (const auto& reader : readers) {
            specs.push_back({reader, ""});
            passwords_.try_emplace(LoginId::reader(reader), fresh_password());
        }
        names_ = tenant_names(names_.database, specs);
    }
    [[nodiscard]] LoginId login(std::size_t reader) const {
        return LoginId::reader(names_.readers[reader].name);
    }
    [[nodiscard]] const Sensitive& password_of(std::size_t reader) const {
        return passwords_.at(login(reader));
    }
    Claimant claimant() { return claimant_of(names_); }
    TenantFacts look() { return database_of(names_, claimant())->inspect(call_for()); }
    std::unique_ptr<Connection> open(std::size_t reader) {
        return Connection::open(
            tenant_endpoint(names_, names_.readers[reader].role, password_of(reader)), call_for()
        );
    }
    std::unique_ptr<Connection> open_app() {
        return Connection::open(
            tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
        );
    }
    static std::string count_roles(const RoleName& role) {
        return as_superuser("SELECT count(*) FROM pg_roles WHERE rolname = '" + role.str() + "'");
    }

    TenantNames names_;
};

TEST_F(Readers, ReadWhatIsThereAndWhatComesAndWriteNothing) {
    ask_for({});
    provision(names_, claimant());
    open_app()->run({"CREATE TABLE before AS SELECT 1 AS n"}, call_for());
    ask_for({"reports", "bi"});
    EXPECT_EQ(look().roles, RolesState::Incomplete);
    EXPECT_FALSE(database_of(names_)->inspect_contents(look(), call_for()).empty())
        << "a group that is to be made can be told of";
    provision(names_, claimant());
    open_app()->run({"CREATE TABLE after AS SELECT 2 AS n"}, call_for());
    EXPECT_TRUE(look().drift.empty());
    EXPECT_TRUE(database_of(names_)->inspect_contents(look(), call_for()).empty());
    for (const std::size_t reader : {0U, 1U}) {
        database_of(names_)->prove_login(login(reader), password_of(reader), call_for());
        const auto session = open(reader);
        EXPECT_EQ(session->run({"SELECT n FROM before"}, call_for()).at(0).at(0), "1");
        EXPECT_EQ(session->run({"SELECT n FROM after"}, call_for()).at(0).at(0), "2");
        EXPECT_EQ(
            failure_of([&] { session->run({"DELETE FROM before"}, call_for()); }).code, "25006"
        );
        // What it can unset for itself does not help it.
        session->run({"SET default_transaction_read_only = off"}, call_for());
        for (const auto* statement :
             {"DELETE FROM before",
              "CREATE TEMP TABLE planted ()",
              "CREATE SCHEMA planted",
              "TRUNCATE before"}) {
            EXPECT_EQ(failure_of([&] { session->run({statement}, call_for()); }).code, "42501")
                << statement;
        }
        EXPECT_EQ(
            failure_of([&] { session->run({"SET ROLE " + names_.owner.str()}, call_for()); }).code,
            "42501"
        );
    }
}

TEST_F(Readers, OneThatIsAskedForNoMoreGoesWithItsSessions) {
    provision(names_, claimant());
    const auto gone = names_.readers[1].role;
    const auto session = open(1);
    session->run({"SET default_transaction_read_only = off"}, call_for());
    session->run({"SELECT lo_create(0)"}, call_for());
    const auto password = password_of(1);
    ask_for({"reports"});
    ASSERT_EQ(look().removed_readers, std::vector<RoleName>{gone});
    for (int twice = 0; twice < 2; ++twice) {
        database_of(names_, claimant())->remove_reader(gone, call_for());
    }
    EXPECT_EQ(count_roles(gone), "0");
    EXPECT_EQ(
        failure_of([&] { session->run({"SELECT 1"}, call_for()); }).kind, FailureClass::Transient
    );
    EXPECT_EQ(
        as_superuser(
            "SELECT lomowner::regrole FROM pg_largeobject_metadata", names_.database.str()
        ),
        names_.owner.str()
    ) << "what it made is kept";
    EXPECT_TRUE(look().removed_readers.empty());
    EXPECT_TRUE(look().drift.empty());
    database_of(names_)->prove_login(login(0), password_of(0), call_for());
}

TEST_F(Readers, OneThatOwnsMoreThanLargeObjectsIsKeptWithIt) {
    provision(names_, claimant());
    const auto gone = names_.readers[1].role;
    const auto here = names_.database.str();
    const auto elsewhere = here + "_elsewhere";
    as_superuser("CREATE DATABASE " + elsewhere + " OWNER " + gone.str());
    as_superuser("GRANT CREATE ON DATABASE " + here + " TO " + gone.str(), here);
    as_superuser("GRANT CREATE ON SCHEMA public TO " + gone.str(), here);
    as_superuser(
        "SET SESSION AUTHORIZATION " + gone.str() +
            "; CREATE FUNCTION public.planted() RETURNS name LANGUAGE sql SECURITY DEFINER AS"
            " 'SELECT current_user'; CREATE EXTENSION citext",
        here
    );
    const auto expect_kept = [&](const std::vector<std::string>& words) {
        const auto failure =
            failure_of([&] { database_of(names_, claimant())->remove_reader(gone, call_for()); });
        EXPECT_EQ(failure.code, "2BP01");
        for (const auto& word : words) {
            EXPECT_NE(failure.message.find(word), std::string::npos) << failure.message;
        }
        EXPECT_EQ(
            as_superuser("SELECT rolcanlogin FROM pg_roles WHERE rolname = '" + gone.str() + "'"),
            "f"
        );
    };
    expect_kept({"function public.planted()", "extension citext", "ALTER .. OWNER TO"});
    EXPECT_EQ(as_superuser("SELECT public.planted()", here), gone.str())
        << "or another reader would act as the owner";
    EXPECT_EQ(
        as_superuser("SELECT extowner::regrole FROM pg_extension WHERE extname = 'citext'", here),
        gone.str()
    );
    as_superuser(
        "DROP FUNCTION public.planted(); DROP EXTENSION citext; REVOKE CREATE ON SCHEMA public "
        "FROM " +
            gone.str(),
        here
    );
    expect_kept({"DROP OWNED BY " + gone.str() + " in the whole server:"});
    EXPECT_EQ(
        as_superuser("SELECT datdba::regrole FROM pg_database WHERE datname = '" + elsewhere + "'"),
        gone.str()
    );
    as_superuser("DROP DATABASE " + elsewhere);
    database_of(names_, claimant())->remove_reader(gone, call_for());
    EXPECT_EQ(count_roles(gone), "0");
}

TEST_F(Readers, ResourceOfAnotherRemovesNone) {
    provision(names_, claimant());
    const auto other = claimant_of(names_, "uid-2");
    EXPECT_EQ(
        failure_of([&] {
            database_of(names_, other)->remove_reader(names_.readers[0].role, call_for());
        }).reason,
        Reason::ClaimLost
    );
    EXPECT_EQ(count_roles(names_.readers[0].role), "1");
}

TEST_F(Readers, NameThatIsAnotherTenantsLoginIsRefusedBothWays) {
    // Reader a of database shop and login a of database shop_ro have one name.
    const auto other = tenant_names(DatabaseName(names_.database.str() + "_ro"));
    ask_for({"a"});
    ASSERT_EQ(names_.readers[0].role, other.login_a);
    const auto only_logins = fresh_passwords();
    database_of(other)->claim_and_create_roles(only_logins, {}, call_for());
    const auto before = end_state(names_);
    EXPECT_EQ(failure_of([&] { provision(names_, claimant()); }).reason, Reason::RoleConflict);
    EXPECT_EQ(look().roles, RolesState::Foreign);
    EXPECT_EQ(end_state(names_), before);

    const auto first = tenant_names(fresh_tenant().database, {{"b", ""}});
    passwords_.emplace(LoginId::reader("b"), fresh_password());
    provision(first, claimant_of(first));
    const auto late = tenant_names(DatabaseName(first.database.str() + "_ro"));
    const auto kept = end_state(first);
    const auto failure =
        failure_of([&] { database_of(late)->claim_and_create_roles(only_logins, {}, call_for()); });
    EXPECT_EQ(failure.reason, Reason::RoleConflict) << failure.message;
    EXPECT_EQ(end_state(first), kept);
    EXPECT_EQ(database_of(late)->inspect(call_for()).claim, ClaimState::Unclaimed);
}

TEST_F(Readers, NameIsKeptForWhoMayNeedIt) {
    // No role of the name exists yet: the ledger alone knows.
    ask_for({});
    provision(names_, claimant());
    EXPECT_EQ(
        as_superuser(
            "SELECT string_agg(role, ',' ORDER BY role) FROM djangodb.claimed_role WHERE database ="
            " '" +
                names_.database.str() + "'",
            access_.maintenance_database
        ),
        names_.database.str() + "_a," + names_.database.str() + "_b," + names_.database.str() +
            "_migrate," + names_.database.str() + "_owner," + names_.database.str() + "_ro," +
            names_.database.str() + "_rw"
    );
}

}  // namespace
}  // namespace djdb::postgres
