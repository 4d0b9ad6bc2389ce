// What is to be proven of a release that passed, what was, and the sessions that tell of its app.
#include "tests/model/conformance/database_conformance.hpp"
#include "tests/support/a_pass.hpp"

namespace djdb {
namespace {

PassedTemplate a_pass_by(const std::string& job, std::optional<std::string> verified) {
    auto pass = a_pass("shop:1");
    pass.job = ResourceUid(job);
    pass.verified = std::move(verified);
    return pass;
}

TEST_F(DatabaseConformance, WhatWasProvenStaysWithItsPass) {
    provision(tenant_);
    const auto first = a_pass_by("first", "");
    const auto proven = a_pass_by("first", "it works");
    of(tenant_)->record_passed({first}, call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{first});
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->record_verified({first}, "it works", call_);
        EXPECT_EQ(look(tenant_).passed_templates, std::vector{proven});
    }
    // The same pass once more, as after a reply that was lost; and when nobody asks any more.
    of(tenant_)->record_passed({first}, call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{proven});
    of(tenant_)->record_passed({a_pass_by("first", {})}, call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{proven});
    of(tenant_)->record_verified({first}, "it works still", call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{a_pass_by("first", "it works still")});
}

TEST_F(DatabaseConformance, ANewPassIsToBeProvenAnew) {
    provision(tenant_);
    const auto first = a_pass_by("first", "");
    const auto second = a_pass_by("second", "");
    of(tenant_)->record_passed({first}, call_);
    of(tenant_)->record_verified({first}, "it works", call_);
    of(tenant_)->record_passed({second}, call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{second});
    of(tenant_)->record_verified({first}, "it worked", call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{second});
    // Of two one may have passed anew since.
    auto other = a_pass("shop:2");
    other.verified = "";
    of(tenant_)->record_passed({other}, call_);
    of(tenant_)->record_verified({first, other}, "both work", call_);
    other.verified = "both work";
    EXPECT_EQ(look(tenant_).passed_templates, (std::vector{second, other}));
}

TEST_F(DatabaseConformance, NothingIsToBeProvenUnasked) {
    provision(tenant_);
    const auto unasked = a_pass_by("third", {});
    of(tenant_)->record_passed({a_pass_by("second", "")}, call_);
    of(tenant_)->record_passed({unasked}, call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{unasked});
    of(tenant_)->record_verified({unasked}, "nobody asked", call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{unasked});
    const auto asked = a_pass_by("fourth", "");
    of(tenant_)->record_passed({asked}, call_);
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{asked});
}

TEST_F(DatabaseConformance, WhatWasProvenIsOfOneDatabase) {
    provision(tenant_);
    const auto pass = a_pass_by("first", "");
    of(tenant_)->record_passed({pass}, call_);
    EXPECT_EQ(
        reason_of([&] { of(of_another(tenant_))->record_verified({pass}, "it works", call_); }),
        Reason::ClaimLost
    );
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{pass});
    replace_by_hand();
    of(tenant_)->record_verified({pass}, "it works", call_);
    EXPECT_TRUE(look(tenant_).passed_templates.empty());
}

TEST_F(DatabaseConformance, SessionsAreOfTheAppsLogin) {
    provision(tenant_);
    prove(tenant_, LoginId::a());
    EXPECT_TRUE(of(tenant_)->read_sessions(LoginId::a(), call_).empty()) << "ours are left out";
    server_->open_session(tenant_, LoginId::a(), passwords_.at(LoginId::a()));
    EXPECT_EQ(of(tenant_)->read_sessions(LoginId::a(), call_).size(), 1U);
    EXPECT_TRUE(of(tenant_)->read_sessions(reader_, call_).empty());
}

}  // namespace
}  // namespace djdb
