// Provisioning's laws over every combination of claim, roles, database, passwords and Secret.
#include "reconcilers/status/status.hpp"
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

enum class Leave { None, Adopt, Transfer };

struct World {
    ClaimState claim;
    RolesState roles;
    DatabaseState database;
    bool configured;
    bool stored;
    PublishedState secret;
    Leave leave = Leave::None;
    bool knows_oid = false;
};

bool is_lost(DatabaseState database) {
    switch (database) {
        case DatabaseState::Lost:
        case DatabaseState::Replaced:
        case DatabaseState::HalfDropped:
        case DatabaseState::Renamed:
        case DatabaseState::Reowned:
            return true;
        case DatabaseState::Absent:
        case DatabaseState::Closed:
        case DatabaseState::Open:
        case DatabaseState::Adopting:
        case DatabaseState::Foreign:
            break;
    }
    return false;
}

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
                  DatabaseState::Adopting,
                  DatabaseState::Lost,
                  DatabaseState::Replaced,
                  DatabaseState::HalfDropped,
                  DatabaseState::Renamed,
                  DatabaseState::Reowned,
                  DatabaseState::Foreign}) {
                for (const bool configured : {false, true}) {
                    for (const bool stored : {false, true}) {
                        for (const auto secret :
                             {PublishedState::Absent,
                              PublishedState::UpToDate,
                              PublishedState::OutOfDate,
                              PublishedState::Foreign}) {
                            for (const auto leave : {Leave::None, Leave::Adopt, Leave::Transfer}) {
                                for (const bool knows : {false, true}) {
                                    check(World{
                                        claim,
                                        roles,
                                        database,
                                        configured,
                                        stored,
                                        secret,
                                        leave,
                                        knows});
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

Observed build(const World& world) {
    Observed observed;
    observed.server.reference = ServerReference::Found;
    observed.server.access = ServerAccess{};
    if (world.stored) {
        observed.secrets.passwords =
            TenantPasswords{{LoginId::a(), Sensitive("a")}, {LoginId::migrate(), Sensitive("m")}};
    }
    TenantFacts tenant;
    tenant.claim = world.claim;
    tenant.roles = world.roles;
    tenant.database = world.database;
    tenant.database_is_configured = world.configured;
    observed.tenant = tenant;
    observed.secrets.app = world.secret;
    observed.release.gate = GateState::Intact;
    if (world.leave == Leave::Adopt) {
        observed.server.policy.grants.adopt = {{"shop", "apps", "shop", {"legacy"}}};
    } else if (world.leave == Leave::Transfer) {
        observed.server.policy.grants.transfer = {{"shop", "apps", "shop"}};
    }
    return observed;
}

template <class... S>
void expect_none(const std::vector<Step>& steps, const char* why) {
    EXPECT_TRUE(((position<S>(steps) == -1) && ...)) << why;
}

void check_claim(const World& world, const std::vector<Step>& steps) {
    const bool moves = world.claim == ClaimState::OfAnother && world.leave == Leave::Transfer;
    EXPECT_EQ(position<TransferClaim>(steps) >= 0, moves) << "with leave and never else";
    if (world.claim == ClaimState::OfAnother) {
        expect_none<ClaimExisting, Reattach, CreateRoles, StoreCredentials>(
            steps, "what is another's is looked at anew before anything is made"
        );
    }
    if (world.roles == RolesState::Foreign) {
        expect_none<CreateRoles, ClaimExisting, StoreCredentials>(steps, "a role of another's");
    }
    const bool adopts = world.claim != ClaimState::OfAnother &&
                        world.roles != RolesState::Foreign &&
                        world.database == DatabaseState::Foreign && world.leave == Leave::Adopt;
    EXPECT_EQ(position<ClaimExisting>(steps) >= 0, adopts) << "with leave and never else";
    if (adopts && position<CreateRoles>(steps) >= 0) {
        EXPECT_LT(position<ClaimExisting>(steps), position<CreateRoles>(steps)) << "claim first";
        EXPECT_LT(position<CreateRoles>(steps), position<AdoptDatabase>(steps));
        EXPECT_LT(position<AdoptDatabase>(steps), position<ConfigureDatabase>(steps));
    }
    if (world.claim == ClaimState::Unclaimed && world.knows_oid && !adopts) {
        EXPECT_TRUE(steps.empty()) << "a claim that was lost is never made anew";
    }
    if (world.claim == ClaimState::RetainedForMe && position<CreateRoles>(steps) >= 0 && !adopts) {
        EXPECT_LT(position<Reattach>(steps), position<CreateRoles>(steps))
            << "the predecessor's sessions are ended first";
        EXPECT_GE(position<Reattach>(steps), 0);
    }
}

void check_database(const World& world, const std::vector<Step>& steps) {
    if (world.database == DatabaseState::Foreign && world.leave != Leave::Adopt) {
        expect_none<
            CreateRoles,
            CreateDatabase,
            ConfigureDatabase,
            AdoptDatabase,
            StoreCredentials>(steps, "what is another's is not touched");
    }
    if (is_lost(world.database)) {
        expect_none<CreateDatabase, ConfigureDatabase, AdoptDatabase, PublishSecret>(
            steps, "data is never replaced by nothing, nor taken back"
        );
    }
    if (position<CreateDatabase>(steps) >= 0) {
        EXPECT_EQ(world.database, DatabaseState::Absent);
    }
    if (world.database == DatabaseState::Adopting && position<ConfigureDatabase>(steps) >= 0) {
        EXPECT_LT(position<AdoptDatabase>(steps), position<ConfigureDatabase>(steps));
        EXPECT_GE(position<AdoptDatabase>(steps), 0);
    }
}

TEST(ProvisionLaws, HoldInEveryWorld) {
    for_every_world([&](const World& world) {
        auto desired = a_desired();
        desired.object.status.database_oid = world.knows_oid ? "16400" : "";
        if (world.claim == ClaimState::Unclaimed && world.knows_oid) {
            desired.object.meta.finalizers = {"djangodb.io/database"};
        }
        const auto steps = assess(desired, build(world)).steps();
        const auto finalizer = position<AddFinalizer>(steps);
        for (std::ptrdiff_t i = 0; i < std::ssize(steps); ++i) {
            EXPECT_TRUE(i == finalizer || finalizer <= 0)
                << "the finalizer comes before any effect";
        }
        check_claim(world, steps);
        check_database(world, steps);
        expect_none<DropTenant, RetireTenant>(steps, "nothing ends but by deletion");
        if (world.secret == PublishedState::Foreign) {
            expect_none<PublishSecret>(steps, "a foreign Secret is never overwritten");
        }
        const bool is_in_use =
            world.claim == ClaimState::Mine && world.knows_oid && world.roles != RolesState::Absent;
        if (!world.stored && is_in_use) {
            expect_none<StoreCredentials, CreateRoles>(steps, "Pods may use what was lost");
        }
        if (position<PublishSecret>(steps) >= 0) {
            EXPECT_LT(position<ProveLogins>(steps), position<PublishSecret>(steps))
                << "proven before published";
        }
        if (position<StoreCredentials>(steps) >= 0) {
            EXPECT_LT(position<StoreCredentials>(steps), position<CreateRoles>(steps))
                << "stored before set";
        }
    });
}

TEST(ProvisionLaws, AnEmptyServerIsProvisionedInOnePass) {
    const auto steps = assess(
                           a_desired(),
                           build(
                               {ClaimState::Unclaimed,
                                RolesState::Absent,
                                DatabaseState::Absent,
                                false,
                                false,
                                PublishedState::Absent}
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

}  // namespace
}  // namespace djdb
