#include "reconcilers/sql/text/quote.hpp"

#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/failure.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace djdb::sql {
namespace {

TEST(Quote, DoublesWhatEndsAToken) {
    EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(quote_literal("a'b"), "'a''b'");
    EXPECT_EQ(quote_literal("a\\b"), " E'a\\\\b'");
}

TEST(Quote, RefusesWhatTheServerWouldCutOrMangle) {
    const std::array<std::string, 8> refused{
        std::string("a\0b", 3),
        "a\nb",
        "\x7f",
        "\xff",
        "\xc0\xaf",
        "\xed\xa0\x80",
        "\xe2\x82",
        "\xf5\x80\x80\x80",
    };
    for (const auto& text : refused) {
        EXPECT_THROW(quote_identifier(text), Error);
        EXPECT_THROW(quote_literal(text), Error);
    }
    EXPECT_THROW(quote_identifier(""), Error);
    EXPECT_THROW(quote_identifier(std::string(64, 'a')), Error);
    EXPECT_NO_THROW(quote_identifier(std::string(63, 'a')));
}

TEST(TenantNames, AreDifferentAndFit) {
    const auto names = tenant_names(DatabaseName(std::string(55, 'a')));
    std::set<std::string> all;
    for (const auto& role : {names.owner, names.login_a, names.login_b, names.migrate}) {
        EXPECT_LE(role.str().size(), 63U);
        all.insert(role.str());
    }
    EXPECT_EQ(all.size(), 4U);
}

}  // namespace
}  // namespace djdb::sql
