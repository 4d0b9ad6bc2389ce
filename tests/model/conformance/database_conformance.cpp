// The same calls on the model server and on a real PostgreSQL: what one answers, the other does, and
// what one refuses, the other refuses in the same way. Linked into both test programs.
#include "tests/model/conformance/database_under_test.hpp"
#include "tests/support/failure_of.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

class DatabaseConformance : public testing::Test {
  protected:
    std::unique_ptr<TenantDatabase> of(const Tenant& tenant) {
        return server_->database().of(server_->access(), tenant);
    }
    TenantFacts look(const Tenant& tenant) { return of(tenant)->inspect(call_); }
    void provision(const Tenant& tenant) {
        of(tenant)->claim_and_create_roles(passwords_, call_);
        of(tenant)->create(call_);
        of(tenant)->configure(call_);
    }
    static Tenant with_uid(Tenant tenant, const std::string& uid) {
        tenant.claimant.uid = ResourceUid(uid);
        return tenant;
    }
    static Tenant of_another(Tenant tenant) {
        tenant.claimant.uid = ResourceUid("uid-other");
        tenant.claimant.key.name = ObjectName("another");
        return tenant;
    }
    const std::string& name() const { return tenant_.names.database.str(); }
    const std::string& role(const LoginId& login) const { return tenant_.names.role(login).str(); }

    std::unique_ptr<DatabaseUnderTest> server_ = make_database_under_test();
    Tenant tenant_ = server_->fresh_tenant();
    LoginId reader_ = LoginId::reader("reports");
    TenantPasswords passwords_{
        {LoginId::a(), Sensitive("password-of-the-app-0123456789")},
        {LoginId::migrate(), Sensitive("password-of-the-job-0123456789")},
        {reader_, Sensitive("password-of-the-reader-0123456789")}};
    CallContext call_{{}, Deadline::in(std::chrono::seconds{60}), "conformance"};
};

TEST_F(DatabaseConformance, ProvisioningStepByStep) {
    auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Unclaimed);
    EXPECT_EQ(facts.roles, RolesState::Absent);
    EXPECT_EQ(facts.database, DatabaseState::Absent);

    of(tenant_)->claim_and_create_roles(passwords_, call_);
    facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Complete);
    EXPECT_EQ(facts.database, DatabaseState::Absent);

    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->create(call_);
        facts = look(tenant_);
        EXPECT_EQ(facts.database, DatabaseState::Closed);
        EXPECT_FALSE(facts.database_is_configured);
        EXPECT_FALSE(facts.was_configured);
    }
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->configure(call_);
        facts = look(tenant_);
        EXPECT_EQ(facts.database, DatabaseState::Open);
        EXPECT_TRUE(facts.database_is_configured);
        EXPECT_TRUE(facts.was_configured);
        EXPECT_TRUE(facts.drift.empty());
    }
    for (const auto& [login, password] : passwords_) {
        of(tenant_)->prove_login(login, password, call_);
        EXPECT_TRUE(of(tenant_)->accepts_password(login, password, call_));
        EXPECT_FALSE(of(tenant_)->accepts_password(login, Sensitive("wrong"), call_));
    }
    EXPECT_TRUE(of(tenant_)->inspect_contents(facts, call_).empty());
}

TEST_F(DatabaseConformance, WrongPasswordsAreRejectedLogins) {
    provision(tenant_);
    const auto failure =
        failure_of([&] { of(tenant_)->prove_login(LoginId::a(), Sensitive("wrong"), call_); });
    EXPECT_EQ(failure.reason, Reason::LoginRejected);
    server_->set_password(role(LoginId::a()), "changed by hand");
    EXPECT_FALSE(of(tenant_)->accepts_password(LoginId::a(), passwords_.at(LoginId::a()), call_));
    of(tenant_)->claim_and_create_roles(passwords_, call_);
    EXPECT_TRUE(of(tenant_)->accepts_password(LoginId::a(), passwords_.at(LoginId::a()), call_));
}

TEST_F(DatabaseConformance, AClaimOfAnotherIsLeft) {
    provision(tenant_);
    const auto other = of_another(tenant_);
    EXPECT_EQ(look(other).claim, ClaimState::OfAnother);
    auto failure = failure_of([&] { of(other)->claim_and_create_roles(passwords_, call_); });
    EXPECT_EQ(failure.reason, Reason::OwnershipConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    failure = failure_of([&] { of(other)->configure(call_); });
    EXPECT_EQ(failure.reason, Reason::ClaimLost);
    failure = failure_of([&] { of(other)->drop(call_); });
    EXPECT_EQ(failure.reason, Reason::ClaimLost);
    EXPECT_TRUE(of(other)->retire(call_).empty());
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Complete);
    EXPECT_TRUE(facts.database_is_configured);
}

TEST_F(DatabaseConformance, ARoleOfSomebodyElseIsLeft) {
    server_->make_role(role(LoginId::a()));
    EXPECT_EQ(look(tenant_).roles, RolesState::Foreign);
    const auto failure =
        failure_of([&] { of(tenant_)->claim_and_create_roles(passwords_, call_); });
    EXPECT_EQ(failure.reason, Reason::RoleConflict);
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
    EXPECT_FALSE(server_->has_role(tenant_.names.owner.str()));
}

TEST_F(DatabaseConformance, ADatabaseOfSomebodyElseIsLeft) {
    server_->make_role("dba_" + name());
    server_->make_database(name(), "dba_" + name());
    auto facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Foreign);
    EXPECT_EQ(facts.database_owner, "dba_" + name());
    const auto failure =
        failure_of([&] { of(tenant_)->claim_and_create_roles(passwords_, call_); });
    EXPECT_EQ(failure.reason, Reason::AdoptionNotGranted);
    EXPECT_EQ(look(tenant_).roles, RolesState::Absent);
}

TEST_F(DatabaseConformance, ANamesakeIsNotConfigured) {
    of(tenant_)->claim_and_create_roles(passwords_, call_);
    of(tenant_)->create(call_);
    server_->make_role("dba_" + name());
    server_->drop_database(name());
    server_->make_database(name(), "dba_" + name());
    EXPECT_EQ(look(tenant_).database, DatabaseState::Foreign);
    const auto failure = failure_of([&] { of(tenant_)->configure(call_); });
    EXPECT_EQ(failure.reason, Reason::AdoptionNotGranted);
    EXPECT_EQ(look(tenant_).database, DatabaseState::Foreign);
}

TEST_F(DatabaseConformance, ALostDatabaseIsNotReplaced) {
    provision(tenant_);
    const auto oid = look(tenant_).database_oid;
    server_->drop_database(name());
    EXPECT_EQ(look(tenant_).database, DatabaseState::Lost);
    EXPECT_EQ(look(tenant_).database_oid, oid);
    const auto failure = failure_of([&] { of(tenant_)->create(call_); });
    EXPECT_EQ(failure.reason, Reason::DatabaseLost);
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    EXPECT_FALSE(server_->has_database(name()));
    server_->make_role("dba_" + name());
    server_->make_database(name(), "dba_" + name());
    EXPECT_EQ(look(tenant_).database, DatabaseState::Replaced);
    EXPECT_EQ(
        failure_of([&] { of(tenant_)->configure(call_); }).reason, Reason::AdoptionNotGranted
    );
    // Its roles and claim go; what bears its name stays.
    of(tenant_)->drop(call_);
    EXPECT_TRUE(server_->has_database(name()));
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
}

TEST_F(DatabaseConformance, RenamedGivenAwayAndBack) {
    provision(tenant_);
    server_->rename_database(name(), name() + "_moved");
    auto facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Renamed);
    EXPECT_EQ(facts.database_name, name() + "_moved");
    EXPECT_EQ(failure_of([&] { of(tenant_)->create(call_); }).reason, Reason::DatabaseLost);
    server_->rename_database(name() + "_moved", name());
    EXPECT_TRUE(look(tenant_).database_is_configured);

    server_->make_role("dba_" + name());
    server_->give_database(name(), "dba_" + name());
    facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Reowned);
    EXPECT_EQ(facts.database_owner, "dba_" + name());
}

TEST_F(DatabaseConformance, DriftIsSeenAndRepaired) {
    provision(tenant_);
    const auto before = look(tenant_).fingerprint;
    server_->let_public_in(name());
    auto facts = look(tenant_);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::DatabasePrivilegeOfPublic, name()));
    EXPECT_FALSE(facts.database_is_configured);
    EXPECT_TRUE(facts.was_configured);
    EXPECT_NE(facts.fingerprint, before);
    of(tenant_)->configure(call_);
    EXPECT_EQ(look(tenant_).fingerprint, before);

    server_->grant_createdb(role(LoginId::a()));
    facts = look(tenant_);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::RoleAttribute, role(LoginId::a())));
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    of(tenant_)->claim_and_create_roles(passwords_, call_);
    EXPECT_EQ(look(tenant_).fingerprint, before);

    server_->close_database(name());
    EXPECT_EQ(look(tenant_).database, DatabaseState::Closed);
    of(tenant_)->configure(call_);
    EXPECT_EQ(look(tenant_).fingerprint, before);
}

TEST_F(DatabaseConformance, RetiredAndTakenUpAgain) {
    provision(tenant_);
    EXPECT_TRUE(of(tenant_)->retire(call_).empty());
    EXPECT_TRUE(server_->has_database(name()));
    EXPECT_TRUE(server_->has_role(tenant_.names.owner.str()));
    for (const auto& login : {LoginId::a(), LoginId::b(), LoginId::migrate(), reader_}) {
        EXPECT_FALSE(server_->has_role(role(login)));
    }
    const auto successor = with_uid(tenant_, "uid-2");
    EXPECT_EQ(look(successor).claim, ClaimState::RetainedForMe);
    of(successor)->reattach(call_);
    provision(successor);
    const auto facts = look(successor);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.roles, RolesState::Complete);
    EXPECT_TRUE(facts.database_is_configured);
    EXPECT_EQ(look(tenant_).claim, ClaimState::RetainedForMe);
    // The predecessor's end, once more, changes nothing.
    EXPECT_TRUE(of(tenant_)->retire(call_).empty());
    EXPECT_EQ(look(successor).claim, ClaimState::Mine);
}

TEST_F(DatabaseConformance, DroppedForGood) {
    provision(tenant_);
    of(tenant_)->drop(call_);
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Unclaimed);
    EXPECT_EQ(facts.roles, RolesState::Absent);
    EXPECT_EQ(facts.database, DatabaseState::Absent);
    EXPECT_FALSE(server_->has_role(tenant_.names.owner.str()));
    EXPECT_EQ(failure_of([&] { of(tenant_)->drop(call_); }).reason, Reason::ClaimLost);
}

TEST_F(DatabaseConformance, TransferredOnce) {
    provision(tenant_);
    const auto other = of_another(tenant_);
    of(other)->transfer(call_);
    EXPECT_EQ(look(other).claim, ClaimState::RetainedForMe);
    auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::OfAnother);
    EXPECT_TRUE(facts.lost_by_transfer);
    EXPECT_EQ(failure_of([&] { of(tenant_)->transfer(call_); }).reason, Reason::OwnershipConflict);
    of(other)->reattach(call_);
    provision(other);
    facts = look(other);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_TRUE(facts.database_is_configured);
}

TEST_F(DatabaseConformance, AnImagePassesOnTheDatabaseOfItsOid) {
    provision(tenant_);
    EXPECT_FALSE(
        of(tenant_)->read_migrations("", passwords_.at(LoginId::migrate()), call_).table_exists
    );
    server_->migrate(tenant_, "orders", "0001_initial");
    const auto applied = of(tenant_)->read_migrations("", passwords_.at(LoginId::migrate()), call_);
    EXPECT_TRUE(applied.table_exists);
    EXPECT_EQ(applied.names, std::vector<std::string>{"orders.0001_initial"});
    of(tenant_)->record_passed_image(ImageRef("shop:1"), call_);
    of(tenant_)->record_passed_image(ImageRef("shop:2"), call_);
    of(tenant_)->record_passed_image(ImageRef("shop:1"), call_);
    EXPECT_EQ(
        look(tenant_).passed_images, (std::vector<ImageRef>{ImageRef("shop:2"), ImageRef("shop:1")})
    );
    server_->make_role("dba_" + name());
    server_->drop_database(name());
    server_->make_database(name(), "dba_" + name());
    EXPECT_TRUE(look(tenant_).passed_images.empty());
    // What has the name now is not the database that the image passed on.
    of(tenant_)->record_passed_image(ImageRef("shop:3"), call_);
    EXPECT_TRUE(look(tenant_).passed_images.empty());
    EXPECT_EQ(
        failure_of([&] { of(of_another(tenant_))->record_passed_image(ImageRef("shop:3"), call_); }
        ).reason,
        Reason::ClaimLost
    );
}

TEST_F(DatabaseConformance, AnExistingDatabaseIsAdopted) {
    server_->make_role("dba_" + name());
    server_->make_database(name(), "dba_" + name());
    of(tenant_)->claim_existing({}, call_);
    auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Mine);
    EXPECT_EQ(facts.database, DatabaseState::Adopting);
    of(tenant_)->claim_and_create_roles(passwords_, call_);
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->adopt(call_);
        EXPECT_EQ(look(tenant_).database, DatabaseState::Open);
    }
    of(tenant_)->configure(call_);
    EXPECT_TRUE(look(tenant_).database_is_configured);
    of(tenant_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_);
}

TEST_F(DatabaseConformance, AReaderComesAndGoes) {
    provision(tenant_);
    auto without = tenant_;
    without.names = tenant_names(tenant_.names.database);
    auto facts = look(without);
    ASSERT_EQ(facts.removed_readers.size(), 1U);
    EXPECT_EQ(facts.removed_readers.front().str(), role(reader_));
    for (int twice = 0; twice < 2; ++twice) {
        of(without)->remove_reader(tenant_.names.role(reader_), call_);
        EXPECT_FALSE(server_->has_role(role(reader_)));
        EXPECT_TRUE(look(without).removed_readers.empty());
    }
    EXPECT_TRUE(look(without).database_is_configured);
}

TEST_F(DatabaseConformance, ALoginThatWasDroppedComesBack) {
    provision(tenant_);
    server_->drop_role(role(LoginId::a()));
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::RoleMissing, role(LoginId::a())));
    EXPECT_FALSE(of(tenant_)->accepts_password(LoginId::a(), passwords_.at(LoginId::a()), call_));
    provision(tenant_);
    EXPECT_TRUE(look(tenant_).drift.empty());
    of(tenant_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_);
}

}  // namespace
}  // namespace djdb
