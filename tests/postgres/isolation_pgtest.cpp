// What is wrong with one tenant's database, or with its login, stops that tenant and nobody else.
#include "controller/postgres/session/scram.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;

/// Of this thread.
double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

class Isolation : public LiveServer {
  protected:
    Isolation() : sick_(fresh_tenant()), healthy_(fresh_tenant()) {}

    void provision_both() {
        for (const auto& names : {sick_, healthy_}) {
            provision(names, claimant_of(names));
        }
    }
    /// The sick one's database refuses for this reason, and nothing else is refused meanwhile.
    void expect_the_sick_one_alone(Reason reason) {
        const auto facts = seen(sick_);
        const auto look = [&] { database_of(sick_)->inspect_contents(facts, call_for()); };
        const auto failure = failure_of(look);
        EXPECT_EQ(failure.reason, reason) << failure.message;
        EXPECT_THAT(failure.message, HasSubstr(sick_.database.str()));
        EXPECT_NO_THROW(database_of(healthy_)->inspect_contents(seen(healthy_), call_for()));
        EXPECT_NO_THROW(database_.inspect_server(access_, call_for()));
        // It rests: it is not asked again with each run.
        EXPECT_EQ(failure_of(look).message, failure.message);
    }
    TenantFacts seen(const TenantNames& names) { return database_of(names)->inspect(call_for()); }
    /// As it stands once the server has hashed as much itself, which takes it the same time.
    void set_verifier(const TenantNames& names, const std::string& iterations) {
        as_superuser(
            "UPDATE pg_authid SET rolpassword = 'SCRAM-SHA-256$" + iterations +
            ":c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' WHERE rolname = '" +
            names.role(LoginId::a()).str() + "'"
        );
    }

    TenantNames sick_;
    TenantNames healthy_;
};

TEST_F(Isolation, DatabaseAtItsLimit) {
    provision_both();
    as_superuser("ALTER DATABASE " + sick_.database.str() + " CONNECTION LIMIT 0");
    if (admin_is_superuser()) {
        EXPECT_NO_THROW(database_of(sick_)->inspect_contents(seen(sick_), call_for()));
    } else {
        expect_the_sick_one_alone(Reason::TooManyConnections);
    }
}

TEST_F(Isolation, DatabaseThatAnAccessRuleCloses) {
    access_ = spare().access();
    provision_both();
    const auto name = sick_.database.str();
    spare().set_access_rules(
        "host " + name + " all 0.0.0.0/0 reject\nhost " + name + " all ::/0 reject"
    );
    expect_the_sick_one_alone(Reason::AccessRuleRejected);
    spare().restart();
}

TEST_F(Isolation, LoginWithAVerifierThatTakesForEver) {
    provision(sick_, claimant_of(sick_));
    const auto& password = passwords_.at(LoginId::a());
    ASSERT_TRUE(database_of(sick_)->accepts_password(LoginId::a(), password, call_for()));
    for (const std::string iterations : {"20000000", "2147483647"}) {
        set_verifier(sick_, iterations);
        const auto before = cpu_seconds();
        EXPECT_FALSE(database_of(sick_)->accepts_password(LoginId::a(), password, call_for()));
        const auto failure = failure_of([&] {
            database_of(sick_)->prove_login(LoginId::a(), password, call_for());
        });
        EXPECT_EQ(failure.reason, Reason::LoginRejected) << failure.message;
        EXPECT_THAT(failure.message, HasSubstr(iterations));
        ASSERT_LT(cpu_seconds() - before, 1) << iterations;
    }
    // The stored password is set again as after any other foreign one.
    database_of(sick_)->claim_and_create_roles(passwords_, {}, call_for());
    EXPECT_TRUE(database_of(sick_)->accepts_password(LoginId::a(), password, call_for()));
}

/// What is read of a tenant's own tables is kept in memory several times over.
TEST_F(Isolation, TableThatATenantFillsWithoutEnd) {
    provision(sick_, claimant_of(sick_));
    as_superuser(
        "SET ROLE " + sick_.owner.str() +
            "; CREATE TABLE public.django_migrations AS SELECT i AS id, 'a' AS app, i::text AS name"
            " FROM generate_series(1, 300000) i",
        sick_.database.str()
    );
    const auto failure = failure_of([&] {
        database_of(sick_)->read_migrations("", passwords_.at(LoginId::migrate()), call_for());
    });
    EXPECT_EQ(failure.code, "UnexpectedAnswer") << failure.message;
    EXPECT_THAT(failure.message, HasSubstr(sick_.database.str()));
}

/// 100,000 is what drivers of apps do as well.
TEST_F(Isolation, AdministratorWhoseServerWantsMoreHashing) {
    access_ = spare().access();
    const auto hash = [&](int iterations) {
        const auto verifier =
            scram_verifier(access_.administrator.password, "saltsaltsaltsalt", iterations);
        spare().as_superuser(
            "ALTER ROLE " + access_.administrator.user + " PASSWORD '" + verifier.reveal() + "'"
        );
    };
    hash(100'000);
    EXPECT_NO_THROW(PostgresDatabase().inspect_server(access_, call_for()));
    hash(100'001);
    const auto failure =
        failure_of([&] { PostgresDatabase().inspect_server(access_, call_for()); });
    EXPECT_EQ(failure.reason, Reason::AuthRejected) << failure.message;
    EXPECT_EQ(failure.kind, FailureClass::Forbidden);
    EXPECT_THAT(failure.message, HasSubstr("100001"));
    spare().set_password(access_.administrator.password);
}

}  // namespace
}  // namespace djdb::postgres
