// What becomes of a database with its resource, over every combination of what is asked for, what is
// allowed and what is there.
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace djdb {
namespace {

struct World {
    DeletionPolicy policy = DeletionPolicy::Retain;
    bool is_protected = false;
    bool allow_drop = false;
    ServerReference server = ServerReference::Found;
    bool reachable = true;
    ClaimState claim = ClaimState::Mine;
    DatabaseState database = DatabaseState::Open;
    bool orphan = false;
    std::chrono::seconds since{0};
};

std::pair<Desired, Observed> situation_of(const World& world) {
    auto desired = a_desired();
    auto observed = a_provisioned_world();
    auto& meta = desired.object.meta;
    meta.being_deleted = true;
    meta.deleted_at = observed.now - world.since;
    if (world.orphan) {
        meta.annotations["djangodb.io/orphan"] = "true";
    }
    desired.object.spec.deletion = {world.policy, world.is_protected};
    observed.server.policy.allow_drop = world.allow_drop;
    observed.server.reference = world.server;
    observed.tenant->claim = world.claim;
    observed.tenant->database = world.database;
    if (world.server != ServerReference::Found) {
        observed.server.access.reset();
        observed.tenant.reset();
    }
    if (!world.reachable) {
        observed.tenant.reset();
        observed.server_failure = Failure{
            FailureClass::Transient,
            FailureOrigin::Postgres,
            "Connect",
            "down",
            Reason::TCPUnreachable};
    }
    return {std::move(desired), std::move(observed)};
}

Verdict verdict_of(const World& world) {
    const auto [desired, observed] = situation_of(world);
    return assess_deletion(desired, observed);
}

template <class S>
bool has(const std::vector<Step>& steps) {
    return std::ranges::any_of(steps, [](const Step& step) {
        return std::holds_alternative<S>(step);
    });
}

std::string announced(const std::vector<Step>& steps) {
    for (const auto& step : steps) {
        if (const auto* said = std::get_if<Announce>(&step)) {
            return said->message;
        }
    }
    return {};
}

template <class Check>
void for_every_world(Check check) {
    using enum DatabaseState;
    for (const auto policy : {DeletionPolicy::Retain, DeletionPolicy::Delete}) {
        for (unsigned bits = 0; bits < 32; ++bits) {
            for (const auto server :
                 {ServerReference::Found,
                  ServerReference::NotFound,
                  ServerReference::Undecodable,
                  ServerReference::NamespaceNotAllowed,
                  ServerReference::AdminSecretMissing,
                  ServerReference::AdminSecretInvalid,
                  ServerReference::CaMissing}) {
                for (const auto claim :
                     {ClaimState::Unclaimed,
                      ClaimState::Mine,
                      ClaimState::RetainedForMe,
                      ClaimState::OfAnother}) {
                    for (const auto database :
                         {Absent,
                          Closed,
                          Open,
                          Adopting,
                          Lost,
                          Replaced,
                          HalfDropped,
                          Renamed,
                          Reowned,
                          Foreign}) {
                        check(World{
                            policy,
                            (bits & 1U) != 0,
                            (bits & 2U) != 0,
                            server,
                            (bits & 4U) != 0,
                            claim,
                            database,
                            (bits & 8U) != 0,
                            std::chrono::seconds{(bits & 16U) != 0 ? 20 : 19}});
                    }
                }
            }
        }
    }
}

/// The rule in one expression.
bool may_drop(const World& world) {
    using enum DatabaseState;
    constexpr std::array kOurs{Absent, Closed, Open, Lost, HalfDropped};
    return world.policy == DeletionPolicy::Delete && !world.is_protected && world.allow_drop &&
           !world.orphan && world.server == ServerReference::Found && world.reachable &&
           world.claim == ClaimState::Mine &&
           std::ranges::find(kOurs, world.database) != kOurs.end();
}

TEST(Deletion, DropsOnlyWhatItMay) {
    for_every_world([](const World& world) {
        const auto verdict = verdict_of(world);
        const auto* act = std::get_if<Act>(&verdict);
        EXPECT_EQ(act != nullptr && has<DropTenant>(act->steps), may_drop(world));
        if (act == nullptr) {
            return;
        }
        EXPECT_FALSE(has<DropTenant>(act->steps) && has<RetireTenant>(act->steps));
        EXPECT_TRUE(std::holds_alternative<RemoveFinalizer>(act->steps.back())) << "last";
        EXPECT_TRUE(has<RemoveCredentials>(act->steps));
        const bool touches = has<DropTenant>(act->steps) || has<RetireTenant>(act->steps);
        const bool has_claim =
            world.claim == ClaimState::Mine || world.claim == ClaimState::RetainedForMe;
        if (!touches && has_claim) {
            EXPECT_NE(announced(act->steps), "") << "what is left is said";
        }
        if (world.policy == DeletionPolicy::Delete && has<RetireTenant>(act->steps) && has_claim) {
            EXPECT_NE(announced(act->steps).find("kept"), std::string::npos) << "and why";
        }
    });
}

// To retire what is another's, or nobody's, changes nothing of it; but from then on the ledger takes no
// claim of this resource, which a second operator may be about to write.
TEST(Deletion, OfAResourceWithoutAClaimForbidsOne) {
    for_every_world([](const World& world) {
        const bool has_claim =
            world.claim == ClaimState::Mine || world.claim == ClaimState::RetainedForMe;
        const bool answers = world.server == ServerReference::Found && world.reachable;
        if (has_claim || !answers || world.orphan) {
            return;
        }
        const auto verdict = verdict_of(world);
        const auto* act = std::get_if<Act>(&verdict);
        ASSERT_NE(act, nullptr);
        EXPECT_TRUE(std::holds_alternative<RetireTenant>(act->steps.front()));
        EXPECT_EQ(announced(act->steps), "");
    });
}

TEST(Deletion, WaitsOnlyForAServerThatMayAnswer) {
    for_every_world([](const World& world) {
        const bool gone = world.server == ServerReference::NotFound || world.orphan;
        const bool answers = world.server == ServerReference::Found && world.reachable;
        const bool wants_drop = world.policy == DeletionPolicy::Delete && !world.is_protected &&
                                (world.allow_drop || world.server == ServerReference::Undecodable);
        const bool waits =
            !gone && !answers && (wants_drop || world.since < std::chrono::seconds{20});
        const auto verdict = verdict_of(world);
        ASSERT_EQ(std::holds_alternative<Wait>(verdict), waits)
            << "deletion waits only for a server that may come back";
        if (waits) {
            EXPECT_NE(
                std::get<Wait>(verdict).finding.message.find("djangodb.io/orphan=true"),
                std::string::npos
            );
        }
    });
}

TEST(Deletion, SaysWhichStatementsShutWhatIsLeft) {
    const auto verdict = verdict_of({.reachable = false, .since = std::chrono::seconds{20}});
    const auto said = announced(std::get<Act>(verdict).steps);
    for (const auto* login : {"shop_a", "shop_b", "shop_migrate"}) {
        EXPECT_NE(said.find("ALTER ROLE \"" + std::string(login) + "\" NOLOGIN"), std::string::npos)
            << said;
    }
}

TEST(Deletion, TellsTheWayOutWhenTheServerRefuses) {
    for (const auto policy : {DeletionPolicy::Retain, DeletionPolicy::Delete}) {
        const auto [desired, observed] = situation_of({.policy = policy, .allow_drop = true});
        const auto assessment = assess(desired, observed);
        for (std::size_t done = 0; done < assessment.steps().size(); ++done) {
            const auto step = assessment.steps()[done];
            const Outcomes outcomes{
                {.step = id_of(step),
                 .lane = LaneId::Deletion,
                 .stage = ConditionType::DeletionGuarded,
                 .failure = Failure{
                     FailureClass::Forbidden, FailureOrigin::Postgres, "42501", "Refused."}}};
            const auto status = derive_status(desired, observed, assessment, outcomes);
            const auto guarded = std::ranges::find(
                status.conditions, ConditionType::DeletionGuarded, &Condition::type
            );
            ASSERT_NE(guarded, status.conditions.end());
            const auto is_told =
                guarded->message.find("kubectl annotate djdb shop djangodb.io/orphan=true") !=
                std::string::npos;
            const std::vector steps{step};
            EXPECT_EQ(is_told, has<RetireTenant>(steps) || has<DropTenant>(steps))
                << guarded->message;
            EXPECT_NE(guarded->message.find("Refused."), std::string::npos) << guarded->message;
        }
    }
}

TEST(Deletion, OfAResourceThatCantBeReadWaitsForAPerson) {
    for_every_world([](const World& world) {
        auto [desired, observed] = situation_of(world);
        desired.object.undecodable = "spec.deletion: expected an object";
        desired.name_error = desired.object.undecodable;
        const auto verdict = assess_deletion(desired, observed);
        ASSERT_EQ(std::holds_alternative<Blocked>(verdict), !world.orphan);
        if (world.orphan) {
            EXPECT_FALSE(has<DropTenant>(std::get<Act>(verdict).steps));
            return;
        }
        const auto& message = std::get<Blocked>(verdict).finding.message;
        EXPECT_NE(message.find("spec.deletion"), std::string::npos) << message;
        EXPECT_NE(message.find("djangodb.io/orphan=true"), std::string::npos) << message;
    });
}

TEST(Deletion, IsOverWithoutTheFinalizer) {
    auto desired = a_desired();
    desired.object.meta.finalizers.clear();
    EXPECT_TRUE(std::holds_alternative<Satisfied>(assess_deletion(desired, Observed{})));
}

}  // namespace
}  // namespace djdb
