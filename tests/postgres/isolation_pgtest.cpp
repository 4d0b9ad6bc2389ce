// What is wrong with one tenant's database, or with its login, stops that tenant and nobody else.
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"

#include <gmock/gmock.h>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;

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

}  // namespace
}  // namespace djdb::postgres
