// An attempt's password: only of the last one, and never in a statement's text.
#include "reconcilers/sql/provision/attempt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace djdb::sql {
namespace {

const TenantNames kNames = tenant_names(DatabaseName("shop"));
const Claimant kClaimant{"c", ResourceUid("u"), {Namespace("apps"), ObjectName("shop")}};
const Verifiers kVerifiers{{{LoginId::migrate(), Sensitive("SCRAM-SHA-256$canary")}}};

auto first_with(const Batch& batch, const std::string& text) {
    return std::ranges::find_if(batch, [&](const Statement& one) {
        return one.text.find(text) != std::string::npos;
    });
}

TEST(Attempt, LockComesFirstAndTheCheckBeforeTheEffect) {
    const auto password = set_attempt_password(kNames, {}, kClaimant, kVerifiers, 7);
    const auto sessions = end_migration_sessions(kNames, kClaimant, 7);
    for (const auto& [batch, effect] :
         {std::pair{password, "ALTER ROLE"}, std::pair{sessions, "pg_terminate_backend"}}) {
        EXPECT_EQ(first_with(batch, "pg_advisory_xact_lock"), batch.begin());
        const auto check = first_with(batch, "number = 7");
        ASSERT_NE(check, batch.end());
        EXPECT_NE(check->text.find("DJ007"), std::string::npos);
        ASSERT_NE(first_with(batch, effect), batch.end());
        EXPECT_LT(check, first_with(batch, effect));
        EXPECT_EQ(first_with(batch, "canary"), batch.end());
    }
    EXPECT_EQ(
        std::ranges::count_if(
            password,
            [](const Statement& one) { return one.text.find("shop_a") != std::string::npos; }
        ),
        1
    ) << "only where it's asked whose the roles are";
}

TEST(Attempt, NamesakeWithoutOurCommentIsLeftAlone) {
    const auto batch = end_migration_sessions(kNames, kClaimant, 7);
    EXPECT_NE(batch.back().text.find("resource=apps/shop"), std::string::npos);
    EXPECT_NE(
        count_migration_sessions(kNames, kClaimant).text.find("resource=apps/shop"),
        std::string::npos
    );
}

}  // namespace
}  // namespace djdb::sql
