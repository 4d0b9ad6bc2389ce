#include "reconcilers/sql/inspect/server.hpp"
#include "reconcilers/sql/inspect/tenant.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace djdb::sql {
namespace {

using Cells = std::vector<std::optional<std::string>>;

TEST(Inspect, BrokenMinorsAreKnown) {
    for (const auto version : {120021, 130017, 140014, 150009, 160005, 170001}) {
        EXPECT_TRUE(ignores_role_setting(version)) << version;
        EXPECT_FALSE(ignores_role_setting(version + 1)) << version;
    }
}

const TenantNames kNames = tenant_names(DatabaseName("shop"));
const Claimant kClaimant{"cluster", ResourceUid("uid"), {Namespace("web"), ObjectName("shop")}};
const char* const kNothing =
    R"({"admin": "djdb_admin", "claim": null, "names": null, "oid": null, "roles": null})";

TEST(Inspect, ReadsARow) {
    const Cells row{
        "mine",
        std::nullopt,
        "open",
        "16500",
        "t",
        "f",
        R"([["5f1b", "", "shop:1", "0c9d", "public", "job-uid", null],
            ["77aa", "", "shop:2", "0c9d", "public", "job-2", "it works"]])",
        "shop:1\nshop:2",
        "t",
        "f",
        "shop",
        "admin",
        "3",
        kNothing,
        "print"};
    const auto facts = tenant_facts(row, kNames, {}, kClaimant);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Absent);
    EXPECT_EQ(facts.database, DatabaseState::Open);
    EXPECT_EQ(facts.database_oid, "16500");
    EXPECT_EQ(facts.attempts, 3);
    EXPECT_EQ(facts.fingerprint, "print");
    EXPECT_TRUE(facts.database_is_configured);
    EXPECT_TRUE(facts.lost_by_transfer);
    EXPECT_FALSE(facts.was_deleted);
    EXPECT_EQ(facts.database_name, "shop");
    EXPECT_EQ(facts.database_owner, "admin");
    EXPECT_EQ(
        facts.passed_templates,
        (std::vector<PassedTemplate>{
            {"5f1b", "", ImageRef("shop:1"), "0c9d", "public", ResourceUid("job-uid")},
            {"77aa", "", ImageRef("shop:2"), "0c9d", "public", ResourceUid("job-2"), "it works"}})
    );
    EXPECT_EQ(facts.passed_images, (std::vector<ImageRef>{ImageRef("shop:1"), ImageRef("shop:2")}));
}

TEST(Inspect, UnknownWordIsADefect) {
    const Cells row{
        "perhaps",
        std::nullopt,
        "open",
        "1",
        "t",
        "f",
        std::nullopt,
        std::nullopt,
        "f",
        "f",
        "",
        "",
        "0",
        kNothing,
        ""};
    EXPECT_THROW(tenant_facts(row, kNames, {}, kClaimant), std::logic_error);
}

}  // namespace
}  // namespace djdb::sql
