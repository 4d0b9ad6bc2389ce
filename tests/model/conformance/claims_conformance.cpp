// Whose a tenant is: claims of others, adoption, transfer, the end with Retain and with Delete.
#include "tests/model/conformance/database_conformance.hpp"
#include "tests/support/a_pass.hpp"

namespace djdb {
namespace {

TEST_F(DatabaseConformance, AClaimOfAnotherIsLeft) {
    provision(tenant_);
    const auto other = of_another(tenant_);
    auto facts = look(other);
    EXPECT_EQ(facts.claim, ClaimState::OfAnother);
    EXPECT_EQ(
        facts.claim_holder,
        to_string(tenant_.claimant.key) + " of cluster " + tenant_.claimant.cluster_id
    );
    EXPECT_EQ(facts.roles, RolesState::Foreign);
    EXPECT_EQ(facts.database, DatabaseState::Foreign);
    EXPECT_EQ(facts.database_oid, look(tenant_).database_oid);
    const auto failure = failure_of([&] { claim(other); });
    EXPECT_EQ(failure.reason, Reason::OwnershipConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(reason_of([&] { of(other)->configure(call_); }), Reason::ClaimLost);
    EXPECT_EQ(reason_of([&] { of(other)->drop(call_); }), Reason::ClaimLost);
    EXPECT_TRUE(of(other)->retire(call_).empty());
    of(other)->reattach(call_);
    of(other)->adopt(call_);
    facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Complete);
    EXPECT_TRUE(facts.database_is_configured);
    prove(tenant_, LoginId::a());
}

TEST_F(DatabaseConformance, ARoleOfSomebodyElseIsLeft) {
    server_->make_role(role(LoginId::a()));
    EXPECT_EQ(look(tenant_).roles, RolesState::Foreign);
    const auto failure = failure_of([&] { claim(tenant_); });
    EXPECT_EQ(failure.reason, Reason::RoleConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
    EXPECT_FALSE(server_->has_role(tenant_.names.owner.str()));
}

TEST_F(DatabaseConformance, ARoleWithoutOurCommentIsNotOurs) {
    provision(tenant_);
    server_->remove_comment(role(LoginId::a()));
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.roles, RolesState::Foreign);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::RoleCommentMissing, role(LoginId::a())));
    EXPECT_EQ(reason_of([&] { claim(tenant_); }), Reason::RoleConflict);
    EXPECT_TRUE(of(tenant_)->retire(call_).empty());
    EXPECT_TRUE(server_->has_role(role(LoginId::a())));
    EXPECT_FALSE(server_->has_role(role(LoginId::migrate())));
    prove(tenant_, LoginId::a());
}

TEST_F(DatabaseConformance, ANameIsKeptForTheFirst) {
    auto first = tenant_;
    first.names = tenant_names(tenant_.names.database, {{"a", ""}});
    passwords_.erase(reader_);
    passwords_.emplace(LoginId::reader("a"), Sensitive("password-of-the-reader-0123456789"));
    claim(first);
    auto second = of_another(tenant_);
    second.names = tenant_names(DatabaseName(name() + "_ro"));
    passwords_.erase(LoginId::reader("a"));
    EXPECT_EQ(second.names.login_a, first.names.readers.front().role);
    EXPECT_EQ(look(second).roles, RolesState::Foreign);
    EXPECT_EQ(reason_of([&] { claim(second); }), Reason::RoleConflict);
    server_->drop_role(second.names.login_a.str());
    EXPECT_EQ(look(second).roles, RolesState::Absent);
    EXPECT_EQ(reason_of([&] { claim(second); }), Reason::RoleConflict);
    EXPECT_EQ(look(second).claim, ClaimState::Unclaimed);
    EXPECT_FALSE(server_->has_role(second.names.owner.str()));
}

TEST_F(DatabaseConformance, RetiredAndTakenUpAgain) {
    provision(tenant_);
    of(tenant_)->record_passed({a_pass("shop:1")}, call_);
    for (int twice = 0; twice < 2; ++twice) {
        EXPECT_TRUE(of(tenant_)->retire(call_).empty());
        EXPECT_TRUE(server_->has_database(name()));
        EXPECT_TRUE(server_->has_role(tenant_.names.owner.str()));
        for (const auto& login : {LoginId::a(), LoginId::b(), LoginId::migrate(), reader_}) {
            EXPECT_FALSE(server_->has_role(role(login)));
        }
    }
    auto facts = look(tenant_);
    EXPECT_TRUE(facts.was_deleted);
    EXPECT_EQ(facts.claim, ClaimState::RetainedForMe);
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    EXPECT_EQ(facts.database, DatabaseState::Open);
    EXPECT_FALSE(facts.database_is_configured);
    EXPECT_TRUE(facts.was_configured);
    EXPECT_EQ(reason_of([&] { of(tenant_)->drop(call_); }), Reason::ClaimLost);
    EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::ClaimLost);
    EXPECT_EQ(
        reason_of([&] { of(tenant_)->record_passed({a_pass("shop:2")}, call_); }), Reason::ClaimLost
    );
    EXPECT_EQ(reason_of([&] { claim(of_another(tenant_)); }), Reason::OwnershipConflict);

    const auto successor = with_uid(tenant_, "uid-2");
    EXPECT_EQ(look(successor).claim, ClaimState::RetainedForMe);
    EXPECT_FALSE(look(successor).was_deleted);
    of(successor)->reattach(call_);
    EXPECT_EQ(look(successor).claim, ClaimState::RetainedForMe);
    provision(successor);
    of(successor)->reattach(call_);
    facts = look(successor);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Complete);
    EXPECT_TRUE(facts.database_is_configured);
    EXPECT_EQ(facts.passed_images, std::vector<ImageRef>{ImageRef("shop:1")});
    EXPECT_EQ(facts.passed_templates, std::vector{a_pass("shop:1")});
    EXPECT_EQ(look(tenant_).claim, ClaimState::RetainedForMe);
    // The predecessor's end, once more, changes nothing.
    EXPECT_TRUE(of(tenant_)->retire(call_).empty());
    EXPECT_EQ(look(successor).claim, ClaimState::Mine);
    prove(successor, LoginId::a());
}

TEST_F(DatabaseConformance, TheSuccessorShutsWhatItsPredecessorLeft) {
    provision(tenant_);
    const auto successor = with_uid(tenant_, "uid-2");
    of(successor)->reattach(call_);
    EXPECT_EQ(look(successor).claim, ClaimState::RetainedForMe);
    EXPECT_EQ(look(successor).roles, RolesState::Incomplete);
    EXPECT_FALSE(accepts(tenant_, LoginId::a()));
    EXPECT_TRUE(server_->has_role(role(LoginId::a())));
    EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::ClaimLost);
    provision(successor);
    prove(successor, LoginId::a());
}

TEST_F(DatabaseConformance, ALoginThatIsNeededElsewhereIsOnlyDisabled) {
    provision(tenant_);
    server_->grant_elsewhere(role(LoginId::a()));
    const auto failure = failure_of([&] { of(tenant_)->drop(call_); });
    EXPECT_EQ(failure.reason, Reason::DropObstructed);
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    EXPECT_TRUE(server_->has_database(name()));
    EXPECT_EQ(look(tenant_).database, DatabaseState::Open);
    EXPECT_FALSE(accepts(tenant_, LoginId::a()));
    EXPECT_FALSE(accepts(tenant_, LoginId::migrate()));
    const auto kept = of(tenant_)->retire(call_);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_NE(kept.front().find(role(LoginId::a())), std::string::npos);
    EXPECT_TRUE(server_->has_role(role(LoginId::a())));
    EXPECT_FALSE(server_->has_role(role(LoginId::migrate())));
}

TEST_F(DatabaseConformance, DroppedForGood) {
    provision(tenant_);
    of(tenant_)->record_passed({a_pass("shop:1")}, call_);
    of(tenant_)->drop(call_);
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Unclaimed);
    EXPECT_EQ(facts.roles, RolesState::Absent);
    EXPECT_EQ(facts.database, DatabaseState::Absent);
    EXPECT_FALSE(server_->has_role(tenant_.names.owner.str()));
    EXPECT_EQ(reason_of([&] { of(tenant_)->drop(call_); }), Reason::ClaimLost);
    const auto successor = with_uid(tenant_, "uid-2");
    provision(successor);
    EXPECT_TRUE(look(successor).passed_images.empty());
    EXPECT_TRUE(look(successor).passed_templates.empty());
}

TEST_F(DatabaseConformance, DroppedBeforeItWasConfigured) {
    claim(tenant_);
    of(tenant_)->create(call_);
    of(tenant_)->drop(call_);
    EXPECT_FALSE(server_->has_database(name()));
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
    const auto successor = with_uid(tenant_, "uid-2");
    claim(successor);
    of(successor)->drop(call_);
    EXPECT_EQ(look(successor).roles, RolesState::Absent);
}

TEST_F(DatabaseConformance, TransferredOnce) {
    const auto other = of_another(tenant_);
    of(other)->transfer(call_);
    EXPECT_EQ(look(other).claim, ClaimState::Unclaimed);
    provision(tenant_);
    of(tenant_)->transfer(call_);
    EXPECT_EQ(look(tenant_).claim, ClaimState::Mine);
    of(other)->transfer(call_);
    auto facts = look(other);
    EXPECT_EQ(facts.claim, ClaimState::RetainedForMe);
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    EXPECT_EQ(facts.database, DatabaseState::Open);
    EXPECT_FALSE(accepts(tenant_, LoginId::a()));
    facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::OfAnother);
    EXPECT_TRUE(facts.lost_by_transfer);
    EXPECT_FALSE(look(with_uid(tenant_, "uid-2")).lost_by_transfer);
    EXPECT_EQ(reason_of([&] { of(tenant_)->transfer(call_); }), Reason::OwnershipConflict);
    EXPECT_EQ(reason_of([&] { claim(tenant_); }), Reason::OwnershipConflict);
    of(other)->reattach(call_);
    provision(other);
    facts = look(other);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_TRUE(facts.database_is_configured);
    prove(other, LoginId::a());
}

TEST_F(DatabaseConformance, AnExistingDatabaseIsAdopted) {
    server_->make_database(name(), dba());
    const auto oid = look(tenant_).database_oid;
    of(tenant_)->claim_existing({}, call_);
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.database, DatabaseState::Adopting);
    EXPECT_EQ(facts.database_oid, oid);
    EXPECT_FALSE(facts.database_is_configured);
    claim(tenant_);
    of(of_another(tenant_))->adopt(call_);
    EXPECT_EQ(look(tenant_).database, DatabaseState::Adopting);
    server_->close_database(name());
    const auto failure = failure_of([&] { of(tenant_)->adopt(call_); });
    EXPECT_EQ(failure.reason, Reason::AdoptionRefused) << failure.message;
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    server_->open_database(name());
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->adopt(call_);
        EXPECT_EQ(look(tenant_).database, DatabaseState::Open);
    }
    EXPECT_EQ(look(tenant_).database_owner, server_->access().administrator.user);
    of(tenant_)->configure(call_);
    EXPECT_TRUE(look(tenant_).database_is_configured);
    EXPECT_EQ(look(tenant_).database_oid, oid);
    prove(tenant_, LoginId::a());
}

TEST_F(DatabaseConformance, AdoptionIsRefused) {
    const auto refused = [&](const Tenant& tenant) {
        const auto failure = failure_of([&] { of(tenant)->claim_existing({}, call_); });
        EXPECT_EQ(failure.kind, FailureClass::Terminal);
        return failure.reason == Reason::AdoptionRefused;
    };
    EXPECT_TRUE(refused(tenant_)) << "it does not exist";
    server_->make_database(name(), dba());
    server_->close_database(name());
    EXPECT_TRUE(refused(tenant_)) << "it is closed";
    server_->drop_database(name());
    server_->make_database(name(), dba());
    server_->make_role("guest_" + name());
    server_->make_table(name(), "guest_" + name());
    EXPECT_TRUE(refused(tenant_)) << "somebody else owns a table in it";
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
    of(tenant_)->claim_existing({RoleName("guest_" + name())}, call_);
    claim(tenant_);
    of(tenant_)->adopt(call_);
    EXPECT_EQ(look(tenant_).database, DatabaseState::Open);
}

TEST_F(DatabaseConformance, WhatIsClaimedIsNotAdopted) {
    server_->make_database(name(), dba());
    of(tenant_)->claim_existing({}, call_);
    const auto moved = name() + "_moved";
    const auto again = with_database(of_another(tenant_), moved);
    const auto refused = [&](const Tenant& tenant) {
        return reason_of([&] { of(tenant)->claim_existing({}, call_); });
    };
    EXPECT_EQ(refused(of_another(tenant_)), Reason::OwnershipConflict);
    server_->rename_database(name(), moved);
    EXPECT_EQ(refused(again), Reason::OwnershipConflict) << "it is known by its OID";
    EXPECT_EQ(look(again).claim, ClaimState::Unclaimed);
    server_->rename_database(moved, name());

    claim(tenant_);
    of(tenant_)->adopt(call_);
    server_->make_table(name(), tenant_.names.owner.str());
    EXPECT_EQ(refused(of_another(tenant_)), Reason::OwnershipConflict);
    server_->rename_database(name(), moved);
    EXPECT_EQ(refused(again), Reason::AdoptionRefused) << "what is in it is the first one's";
}

TEST_F(DatabaseConformance, ADatabaseThatWasReplacedIsNotAdopted) {
    server_->make_database(name(), dba());
    of(tenant_)->claim_existing({}, call_);
    claim(tenant_);
    replace_by_hand();
    EXPECT_EQ(look(tenant_).database, DatabaseState::Replaced);
    EXPECT_EQ(reason_of([&] { of(tenant_)->adopt(call_); }), Reason::AdoptionNotGranted);
    EXPECT_EQ(look(tenant_).database_owner, dba());
    server_->drop_database(name());
    EXPECT_EQ(look(tenant_).database, DatabaseState::Lost);
    EXPECT_EQ(reason_of([&] { of(tenant_)->adopt(call_); }), Reason::DatabaseMissing);
}

}  // namespace
}  // namespace djdb
