// Provisioning's laws over every combination of claim, roles, database, passwords and Secret.
#include "reconcilers/status.hpp"
#include "reconcilers/workflow.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

Desired a_desired(const std::string& database = "shop") {
    DjangoDatabase object;
    object.meta.key = {Namespace("apps"), ObjectName("shop")};
    object.meta.uid = ResourceUid("uid-1");
    object.spec.server_ref.name = "main";
    object.spec.database.name = database;
    return derive_desired(object, "cluster");
}

template <class S>
std::ptrdiff_t position(const std::vector<Step>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (std::holds_alternative<S>(steps[i])) {
            return static_cast<std::ptrdiff_t>(i);
        }
    }
    return -1;
}

struct World {
    ClaimState claim;
    RolesState roles;
    DatabaseState database;
    bool configured;
    bool stored;
    SecretState secret;
};

template <class Check>
void for_every_world(Check check) {
    for (const auto claim :
         {ClaimState::Unclaimed,
          ClaimState::Mine,
          ClaimState::RetainedForMe,
          ClaimState::OfAnother}) {
        for (const auto roles :
             {RolesState::Absent,
              RolesState::Incomplete,
              RolesState::Complete,
              RolesState::Foreign}) {
            for (const auto database :
                 {DatabaseState::Absent,
                  DatabaseState::Closed,
                  DatabaseState::Open,
                  DatabaseState::Lost,
                  DatabaseState::Foreign}) {
                for (const bool configured : {false, true}) {
                    for (const bool stored : {false, true}) {
                        for (const auto secret :
                             {SecretState::Absent,
                              SecretState::UpToDate,
                              SecretState::OutOfDate,
                              SecretState::Foreign}) {
                            check(World{claim, roles, database, configured, stored, secret});
                        }
                    }
                }
            }
        }
    }
}

Observed build(const World& world) {
    Observed observed;
    observed.server = ServerReference::Found;
    observed.access = ServerAccess{};
    if (world.stored) {
        observed.credentials = TenantPasswords{Sensitive("a"), Sensitive("m")};
    }
    TenantFacts tenant;
    tenant.claim = world.claim;
    tenant.roles = world.roles;
    tenant.database = world.database;
    tenant.database_is_configured = world.configured;
    observed.tenant = tenant;
    observed.secret = world.secret;
    observed.gate = GateState::Intact;
    return observed;
}

TEST(ProvisionLaws, HoldInEveryWorld) {
    const auto desired = a_desired();
    for_every_world([&](const World& world) {
        const auto assessment = assess(workflow(), desired, build(world));
        const auto steps = assessment.steps();
        const auto finalizer = position<AddFinalizer>(steps);
        for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(steps.size()); ++i) {
            EXPECT_TRUE(i == finalizer || finalizer == 0)
                << "the finalizer comes before any effect (S16)";
        }
        const bool foreign = world.claim == ClaimState::OfAnother ||
                             world.database == DatabaseState::Foreign ||
                             world.roles == RolesState::Foreign;
        if (foreign) {
            EXPECT_EQ(position<CreateRoles>(steps), -1) << "what is another's is not touched";
            EXPECT_EQ(position<CreateDatabase>(steps), -1);
            EXPECT_EQ(position<ConfigureDatabase>(steps), -1);
            EXPECT_EQ(position<StoreCredentials>(steps), -1);
        }
        if (world.database == DatabaseState::Lost) {
            EXPECT_EQ(position<CreateDatabase>(steps), -1) << "data is never replaced by nothing";
            EXPECT_EQ(position<ConfigureDatabase>(steps), -1);
        }
        if (world.secret == SecretState::Foreign) {
            EXPECT_EQ(position<PublishSecret>(steps), -1)
                << "a foreign Secret is never overwritten";
        }
        if (position<PublishSecret>(steps) >= 0) {
            EXPECT_LT(position<ProveLogins>(steps), position<PublishSecret>(steps))
                << "proven before published";
        }
        if (position<StoreCredentials>(steps) >= 0) {
            EXPECT_LT(position<StoreCredentials>(steps), position<CreateRoles>(steps))
                << "stored before set";
        }
        if (position<CreateDatabase>(steps) >= 0) {
            EXPECT_EQ(world.database, DatabaseState::Absent);
        }
    });
}

TEST(ProvisionLaws, AnEmptyServerIsProvisionedInOnePass) {
    const auto steps = assess(
                           workflow(),
                           a_desired(),
                           build(
                               {ClaimState::Unclaimed,
                                RolesState::Absent,
                                DatabaseState::Absent,
                                false,
                                false,
                                SecretState::Absent}
                           )
    )
                           .steps();
    std::string names;
    for (const auto& step : steps) {
        names += std::string(to_string(step)) + " ";
    }
    EXPECT_EQ(
        names,
        "AddFinalizer StoreCredentials CreateRoles CreateDatabase ConfigureDatabase ProveLogins "
        "PublishSecret "
    );
}

TEST(Spec, NamesThatCannotBeUsedAreRefusedBeforeAnyServerIsAsked) {
    for (const auto& name :
         {std::string(56, 'a'),
          std::string("sh\"op"),
          std::string("sh'op"),
          std::string("Shop"),
          std::string("1shop"),
          std::string("a\nb"),
          std::string("a\0b", 3),
          std::string("postgres"),
          std::string("pg_x"),
          std::string("template1"),
          std::string()}) {
        const auto verdict = assess_spec(a_desired(name), Observed{});
        ASSERT_TRUE(std::holds_alternative<Blocked>(verdict)) << name;
        EXPECT_EQ(std::get<Blocked>(verdict).finding.reason, Reason::InvalidName);
    }
    EXPECT_FALSE(a_desired(std::string(55, 'a')).name_error);
}

TEST(Deletion, NeedsNoServerWhenToldToLetGo) {
    auto desired = a_desired();
    desired.object.meta.finalizers = {"djangodb.io/database"};
    Observed observed;
    observed.server = ServerReference::Found;
    observed.access = ServerAccess{};
    observed.server_failure =
        Failure{FailureClass::Transient, FailureOrigin::Postgres, "TCPUnreachable", "down"};
    EXPECT_TRUE(std::holds_alternative<Wait>(assess_deletion(desired, observed)));
    desired.object.meta.annotations["djangodb.io/orphan"] = "true";
    const auto verdict = assess_deletion(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Act>(verdict));
    EXPECT_EQ(position<RetireTenant>(std::get<Act>(verdict).steps), -1);
}

}  // namespace
}  // namespace djdb
