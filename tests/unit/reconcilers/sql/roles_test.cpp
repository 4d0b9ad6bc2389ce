#include "reconcilers/sql/provision/roles.hpp"

#include "reconcilers/ports/failure.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/provision/role_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace djdb::sql {
namespace {

const TenantNames kNames = tenant_names(DatabaseName("shop"));
const TenantSetup kSetup;
const Claimant kClaimant{"cluster", ResourceUid("uid"), {Namespace("web"), ObjectName("shop")}};
const Verifiers kVerifiers{
    {{LoginId::a(), Sensitive("SCRAM-SHA-256$4096:canary-a")},
     {LoginId::migrate(), Sensitive("SCRAM-SHA-256$4096:canary-b")}}};

bool has(const Batch& batch, const std::string& text) {
    return std::ranges::any_of(batch, [&](const Statement& one) {
        return one.text.find(text) != std::string::npos;
    });
}

TEST(Roles, VerifiersAreInNoText) {
    EXPECT_FALSE(
        has(claim_and_create_roles(kNames, kSetup, kClaimant, kVerifiers, {}, 150018), "canary")
    );
}

TEST(Roles, PlainPasswordIsRefused) {
    auto plain = kVerifiers;
    plain.logins[LoginId::a()] = Sensitive("secret");
    try {
        claim_and_create_roles(kNames, kSetup, kClaimant, plain, {}, 150018);
        FAIL() << "a plain password was accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.failure().code, "InvalidVerifier");
        EXPECT_EQ(error.failure().message.find("secret"), std::string::npos);
    }
}

TEST(Roles, GrantTakesOptionsFromSixteenOn) {
    EXPECT_FALSE(has(
        claim_and_create_roles(kNames, kSetup, kClaimant, kVerifiers, {}, 150018), "INHERIT TRUE"
    ));
    EXPECT_TRUE(
        has(claim_and_create_roles(kNames, kSetup, kClaimant, kVerifiers, {}, 160001),
            "TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
    );
}

TEST(Roles, ChecksComeBeforeTheFirstChange) {
    const auto batch = claim_and_create_roles(kNames, kSetup, kClaimant, kVerifiers, {}, 150018);
    EXPECT_NE(batch.at(0).text.find("pg_advisory_xact_lock"), std::string::npos);
    const auto claim = std::ranges::find_if(batch, [](const Statement& one) {
        return one.text.find("INSERT INTO djangodb.claim") != std::string::npos;
    });
    ASSERT_NE(claim, batch.end());
    EXPECT_GT(claim - batch.begin(), 1);
    EXPECT_TRUE(std::all_of(batch.begin() + 1, claim, [](const Statement& one) {
        return one.text.find("RAISE EXCEPTION") != std::string::npos;
    }));
}

TEST(Roles, PasswordsComeAfterWhatMayWait) {
    const auto batch = claim_and_create_roles(kNames, kSetup, kClaimant, kVerifiers, {}, 150018);
    const auto at = [&](const std::string& text) {
        return std::ranges::find_if(batch, [&](const Statement& one) {
            return one.text.find(text) != std::string::npos;
        });
    };
    ASSERT_NE(at("set_config('djangodb.runtime', $1"), batch.end());
    EXPECT_LT(at("ALTER ROLE \"shop_a\" LOGIN"), at("set_config('djangodb.runtime', $1"));
    EXPECT_LT(at("ALTER ROLE \"shop_migrate\" LOGIN"), at("set_config('djangodb.runtime', $1"));
    EXPECT_LT(at("log_parameter_max_length"), at("set_config('djangodb.runtime', $1"));
}

TEST(Logins, TheActiveOneOfTheAppIsEnabledAndTheOtherIsNot) {
    const auto names = tenant_names(DatabaseName("shop"), {{"reports", ""}});
    for (const auto& active : {LoginId::a(), LoginId::b()}) {
        TenantSetup setup;
        setup.active_login = active;
        const auto enabled = enabled_logins(names, setup);
        EXPECT_EQ(enabled, (std::vector{active, LoginId::migrate(), LoginId::reader("reports")}));
        std::vector<RoleName> log_in;
        for (const auto& role : tenant_roles(names, setup)) {
            if (role.logs_in) {
                log_in.push_back(role.name);
            }
        }
        ASSERT_EQ(log_in.size(), enabled.size());
        Verifiers verifiers;
        for (std::size_t i = 0; i < enabled.size(); ++i) {
            EXPECT_EQ(log_in[i], names.role(enabled[i]));
            verifiers.logins.emplace(enabled[i], Sensitive("SCRAM-SHA-256$"));
        }
        const auto passwords = set_passwords(names, enabled, verifiers);
        EXPECT_TRUE(has(passwords, names.role(active).str() + "'"));
        verifiers.logins.erase(LoginId::migrate());
        EXPECT_THROW(set_passwords(names, enabled, verifiers), std::out_of_range);
    }
    EXPECT_THROW(std::ignore = names.role(LoginId::reader("another")), std::out_of_range);
}

TEST(HandOver, IsForWhoMayDoIt) {
    EXPECT_TRUE(hand_over_schema(kNames, kSetup, 140023, false).empty());
    EXPECT_TRUE(has(hand_over_schema(kNames, kSetup, 140023, true), "OWNER TO \"shop_owner\""));
    EXPECT_TRUE(
        has(hand_over_schema(kNames, kSetup, 140023, true), "REVOKE CREATE ON SCHEMA public")
    );
    EXPECT_TRUE(has(hand_over_schema(kNames, kSetup, 150018, false), "OWNER TO \"shop_owner\""));
    EXPECT_FALSE(has(hand_over_schema(kNames, kSetup, 150018, false), "REVOKE"));
}

TEST(Configure, PublicLeavesBeforeTheDatabaseOpens) {
    auto setup = kSetup;
    setup.lock_timeout = std::chrono::seconds{7};
    const auto batch = configure_database(kNames, setup, kClaimant, 150018);
    const auto at = [&](const std::string& text) {
        return std::ranges::find_if(batch, [&](const Statement& one) {
            return one.text.find(text) != std::string::npos;
        });
    };
    ASSERT_NE(at("FROM PUBLIC"), batch.end());
    EXPECT_LT(at("FROM PUBLIC"), at("ALLOW_CONNECTIONS true"));
    EXPECT_TRUE(has(batch, "SET lock_timeout = '7s'"));
}

TEST(Configure, NoSettingIsSentToAServerThatDoesNotKnowIt) {
    auto setup = kSetup;
    setup.migration_deadline = std::chrono::hours{2};
    for (const int version : {130023, 140023, 180004}) {
        const auto batch = configure_database(kNames, setup, kClaimant, version);
        EXPECT_EQ(has(batch, "client_connection_check_interval"), version >= 140000);
        EXPECT_TRUE(has(batch, "SET tcp_user_timeout = '60s'"));
        EXPECT_TRUE(has(batch, "SET idle_in_transaction_session_timeout = '7200s'"));
    }
}

}  // namespace
}  // namespace djdb::sql
