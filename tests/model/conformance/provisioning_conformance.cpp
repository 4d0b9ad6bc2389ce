// What makes a tenant, its logins, and what a look says of each step and of what a DBA changed.
#include "tests/model/conformance/database_conformance.hpp"
#include "tests/support/a_pass.hpp"

namespace djdb {
namespace {

TEST_F(DatabaseConformance, ProvisioningStepByStep) {
    auto facts = look(tenant_);
    EXPECT_EQ(facts.claim, ClaimState::Unclaimed);
    EXPECT_EQ(facts.roles, RolesState::Absent);
    EXPECT_EQ(facts.database, DatabaseState::Absent);
    EXPECT_EQ(facts.database_oid, "");
    EXPECT_EQ(facts.database_name, "");

    for (int twice = 0; twice < 2; ++twice) {
        claim(tenant_);
        facts = look(tenant_);
        EXPECT_EQ(facts.claim, ClaimState::Mine);
        EXPECT_EQ(facts.claim_holder, "");
        EXPECT_EQ(facts.roles, RolesState::Complete);
        EXPECT_EQ(facts.database, DatabaseState::Absent);
        EXPECT_TRUE(facts.drift.empty());
    }
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->create(call_);
        facts = look(tenant_);
        EXPECT_EQ(facts.database, DatabaseState::Closed);
        EXPECT_FALSE(facts.database_is_configured);
        EXPECT_FALSE(facts.was_configured);
    }
    const auto oid = facts.database_oid;
    EXPECT_NE(oid, "");
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->configure(call_);
        facts = look(tenant_);
        EXPECT_EQ(facts.database, DatabaseState::Open);
        EXPECT_TRUE(facts.database_is_configured);
        EXPECT_TRUE(facts.was_configured);
        EXPECT_TRUE(facts.drift.empty());
    }
    EXPECT_EQ(facts.database_oid, oid);
    EXPECT_EQ(facts.database_name, name());
    EXPECT_EQ(facts.database_owner, server_->access().administrator.user);
    EXPECT_FALSE(facts.lost_by_transfer);
    EXPECT_FALSE(facts.was_deleted);
    EXPECT_TRUE(facts.removed_readers.empty());
    EXPECT_TRUE(facts.passed_images.empty());
    for (const auto& [login, password] : passwords_) {
        of(tenant_)->prove_login(login, password, call_);
        EXPECT_TRUE(of(tenant_)->accepts_password(login, password, call_));
        EXPECT_FALSE(of(tenant_)->accepts_password(login, Sensitive("wrong"), call_));
    }
    EXPECT_TRUE(of(tenant_)->inspect_contents(facts, call_).empty());
}

TEST_F(DatabaseConformance, AttemptsAreCountedOneByOne) {
    EXPECT_EQ(look(tenant_).attempts, 0);
    const auto count = [&](std::int64_t seen, std::int64_t next) {
        return failure_of([&] { of(tenant_)->count_attempt({seen, next}, call_); });
    };
    EXPECT_EQ(count(0, 1).reason, Reason::ClaimLost);
    provision(tenant_);
    EXPECT_EQ(look(tenant_).attempts, 0);
    of(tenant_)->count_attempt({0, 1}, call_);
    EXPECT_EQ(look(tenant_).attempts, 1);
    const auto overtaken = count(0, 1);
    EXPECT_EQ(overtaken.kind, FailureClass::Conflict);
    EXPECT_EQ(overtaken.code, "DJ007");
    EXPECT_EQ(look(tenant_).attempts, 1);
    of(tenant_)->count_attempt({1, 6}, call_);
    EXPECT_EQ(look(tenant_).attempts, 6);
}

/// An operator that looked before another one counted would set the password of an earlier attempt.
TEST_F(DatabaseConformance, RolesAreMadeByWhoKnowsTheLastAttempt) {
    provision(tenant_);
    of(tenant_)->count_attempt({0, 1}, call_);
    const Sensitive password("password-of-attempt-1-0123456789");
    of(tenant_)->lock_out_earlier_attempts(1, password, call_);
    const auto late =
        failure_of([&] { of(tenant_)->claim_and_create_roles(passwords_, {}, call_); });
    EXPECT_EQ(late.kind, FailureClass::Conflict);
    EXPECT_EQ(late.code, "DJ007");
    EXPECT_TRUE(of(tenant_)->accepts_password(LoginId::migrate(), password, call_));
    EXPECT_EQ(look(tenant_).attempts, 1);
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->claim_and_create_roles(passwords_, {1 + twice, 2}, call_);
        EXPECT_TRUE(accepts(tenant_, LoginId::migrate()));
        EXPECT_EQ(look(tenant_).attempts, 2);
    }
}

TEST_F(DatabaseConformance, OnlyTheLastAttemptCanLogIn) {
    provision(tenant_);
    of(tenant_)->count_attempt({0, 1}, call_);
    const Sensitive password("password-of-attempt-1-0123456789");
    for (int twice = 0; twice < 2; ++twice) {
        of(tenant_)->lock_out_earlier_attempts(1, password, call_);
        EXPECT_FALSE(accepts(tenant_, LoginId::migrate()));
        EXPECT_TRUE(of(tenant_)->accepts_password(LoginId::migrate(), password, call_));
        EXPECT_TRUE(accepts(tenant_, LoginId::a()));
        EXPECT_TRUE(accepts(tenant_, reader_));
    }
    of(tenant_)->count_attempt({1, 2}, call_);
    const auto overtaken = failure_of([&] {
        of(tenant_)->lock_out_earlier_attempts(1, passwords_.at(LoginId::migrate()), call_);
    });
    EXPECT_EQ(overtaken.kind, FailureClass::Conflict);
    EXPECT_TRUE(of(tenant_)->accepts_password(LoginId::migrate(), password, call_));
    EXPECT_TRUE(look(tenant_).drift.empty());
}

TEST_F(DatabaseConformance, StepsOutOfTurn) {
    EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::ClaimLost);
    claim(tenant_);
    EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::AdoptionNotGranted);
    EXPECT_FALSE(server_->has_database(name()));
}

TEST_F(DatabaseConformance, WrongPasswordsAreRejectedLogins) {
    provision(tenant_);
    const auto failure =
        failure_of([&] { of(tenant_)->prove_login(LoginId::a(), Sensitive("wrong"), call_); });
    EXPECT_EQ(failure.reason, Reason::LoginRejected);
    EXPECT_EQ(failure.origin, FailureOrigin::Postgres);
    EXPECT_EQ(
        reason_of([&] { of(tenant_)->read_migrations("", Sensitive("wrong"), call_); }),
        Reason::LoginRejected
    );
    server_->set_password(role(LoginId::a()), "changed by hand");
    EXPECT_FALSE(accepts(tenant_, LoginId::a()));
    claim(tenant_);
    EXPECT_TRUE(accepts(tenant_, LoginId::a()));
}

TEST_F(DatabaseConformance, LoginsThatCannotEnter) {
    claim(tenant_);
    EXPECT_EQ(reason_of([&] { prove(tenant_, LoginId::a()); }), Reason::DatabaseMissing);
    EXPECT_EQ(reason_of([&] { accepts(tenant_, LoginId::a()); }), Reason::DatabaseMissing);
    EXPECT_FALSE(of(tenant_)->accepts_password(LoginId::a(), Sensitive("wrong"), call_));
    of(tenant_)->create(call_);
    EXPECT_EQ(failure_of([&] { prove(tenant_, LoginId::a()); }).code, "55000");
    EXPECT_TRUE(accepts(tenant_, LoginId::a())) << "the password is asked for before the database";
    EXPECT_FALSE(of(tenant_)->accepts_password(LoginId::a(), Sensitive("wrong"), call_));
    of(tenant_)->configure(call_);

    server_->forbid_login(role(LoginId::a()));
    EXPECT_EQ(reason_of([&] { prove(tenant_, LoginId::a()); }), Reason::LoginRejected);
    EXPECT_EQ(reason_of([&] { accepts(tenant_, LoginId::a()); }), Reason::AccessRuleRejected);
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.drift, only({DriftKind::RoleCannotLogIn, role(LoginId::a())}));
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    claim(tenant_);
    prove(tenant_, LoginId::a());
    // The other login of the app rests.
    server_->set_password(role(LoginId::b()), "known");
    EXPECT_EQ(
        reason_of([&] { of(tenant_)->prove_login(LoginId::b(), Sensitive("known"), call_); }),
        Reason::LoginRejected
    );
    server_->allow_login(role(LoginId::b()));
    EXPECT_EQ(look(tenant_).drift, only({DriftKind::RoleMayLogIn, role(LoginId::b())}));
    claim(tenant_);
    EXPECT_TRUE(look(tenant_).drift.empty());
}

TEST_F(DatabaseConformance, DriftIsSeenAndRepaired) {
    provision(tenant_);
    const auto before = look(tenant_).fingerprint;
    server_->let_public_in(name());
    auto facts = look(tenant_);
    EXPECT_EQ(facts.drift, only({DriftKind::DatabasePrivilegeOfPublic, name(), {"CONNECT"}}));
    EXPECT_FALSE(facts.database_is_configured);
    EXPECT_TRUE(facts.was_configured);
    EXPECT_NE(facts.fingerprint, before);
    of(tenant_)->configure(call_);
    EXPECT_EQ(look(tenant_).fingerprint, before);

    server_->grant_createdb(role(LoginId::a()));
    facts = look(tenant_);
    EXPECT_EQ(facts.drift, only({DriftKind::RoleAttribute, role(LoginId::a()), {"CREATEDB"}}));
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    EXPECT_TRUE(facts.database_is_configured);
    claim(tenant_);
    EXPECT_TRUE(look(tenant_).drift.empty());

    server_->close_database(name());
    facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Closed);
    EXPECT_FALSE(facts.was_configured);
    EXPECT_EQ(facts.drift, only({DriftKind::DatabaseClosed, name()}));
    of(tenant_)->configure(call_);
    EXPECT_TRUE(look(tenant_).database_is_configured);
}

TEST_F(DatabaseConformance, AFingerprintIsOfFactsAlone) {
    provision(tenant_);
    const auto fingerprint = [&] { return look(tenant_).fingerprint; };
    const auto before = fingerprint();
    EXPECT_EQ(fingerprint(), before);
    server_->set_password(role(LoginId::a()), "changed by hand");
    EXPECT_EQ(fingerprint(), before);
    of(tenant_)->configure(call_);
    EXPECT_EQ(fingerprint(), before);
    of(tenant_)->record_passed({a_pass("shop:1")}, call_);
    EXPECT_EQ(fingerprint(), before);
    // A claim that is written is a claim of now.
    claim(tenant_);
    EXPECT_NE(fingerprint(), before);
    const auto other = of_another(tenant_);
    EXPECT_EQ(look(other).fingerprint, fingerprint());
    const auto all = server_->database().fingerprint_tenants(
        server_->access(), {tenant_.names.database, DatabaseName("nothing")}, call_
    );
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.at(tenant_.names.database), fingerprint());
}

TEST_F(DatabaseConformance, ContentsThatDiffer) {
    provision(tenant_);
    server_->disturb_contents(name(), dba());
    const auto facts = look(tenant_);
    const auto drift = of(tenant_)->inspect_contents(facts, call_);
    // Before 15 it is the superuser's, unless the administrator is one.
    EXPECT_EQ(has_drift(drift, DriftKind::SchemaOwner, "public"), !facts.shares_public_schema);
    of(tenant_)->configure(call_);
    EXPECT_TRUE(of(tenant_)->inspect_contents(facts, call_).empty());
    server_->close_database(name());
    EXPECT_EQ(failure_of([&] { of(tenant_)->inspect_contents(facts, call_); }).code, "55000");
    server_->drop_database(name());
    EXPECT_EQ(
        reason_of([&] { of(tenant_)->inspect_contents(facts, call_); }), Reason::DatabaseMissing
    );
}

TEST_F(DatabaseConformance, AnotherSetupIsAskedFor) {
    provision(tenant_);
    auto wanted = tenant_;
    wanted.setup.connection_limit = 7;
    wanted.setup.ownership = Ownership::Database;
    auto facts = look(wanted);
    const auto administrator = server_->access().administrator.user;
    EXPECT_EQ(
        facts.drift,
        (std::vector<Drift>{
            {DriftKind::DatabaseOwner, name(), {administrator, wanted.names.owner.str()}},
            {DriftKind::DatabaseConnectionLimit, name(), {"-1", "7"}}})
    );
    EXPECT_FALSE(facts.database_is_configured);
    EXPECT_EQ(facts.roles, RolesState::Complete);
    of(wanted)->configure(call_);
    facts = look(wanted);
    EXPECT_TRUE(facts.database_is_configured);
    EXPECT_EQ(facts.database_owner, wanted.names.owner.str());

    wanted.setup.runtime = RuntimeAccess::ReadWrite;
    facts = look(wanted);
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::RoleMissing, wanted.names.read_write.str()));
    claim(wanted);
    of(wanted)->configure(call_);
    EXPECT_TRUE(look(wanted).drift.empty());
    prove(wanted, LoginId::a());
}

TEST_F(DatabaseConformance, AReaderComesAndGoes) {
    provision(tenant_);
    auto without = tenant_;
    without.names = tenant_names(tenant_.names.database);
    auto facts = look(without);
    ASSERT_EQ(facts.removed_readers.size(), 1U);
    EXPECT_EQ(facts.removed_readers.front().str(), role(reader_));
    EXPECT_TRUE(look(of_another(without)).removed_readers.empty());
    EXPECT_EQ(
        reason_of([&] {
            of(of_another(without))->remove_reader(tenant_.names.role(reader_), call_);
        }),
        Reason::ClaimLost
    );
    EXPECT_TRUE(server_->has_role(role(reader_)));
    for (int twice = 0; twice < 2; ++twice) {
        of(without)->remove_reader(tenant_.names.role(reader_), call_);
        EXPECT_FALSE(server_->has_role(role(reader_)));
        EXPECT_TRUE(look(without).removed_readers.empty());
    }
    EXPECT_TRUE(look(without).database_is_configured);
    EXPECT_EQ(look(tenant_).roles, RolesState::Incomplete);
    provision(tenant_);
    EXPECT_TRUE(look(tenant_).drift.empty());
    prove(tenant_, reader_);
}

TEST_F(DatabaseConformance, ALoginThatWasDroppedComesBack) {
    provision(tenant_);
    server_->drop_role(role(LoginId::a()));
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.roles, RolesState::Incomplete);
    EXPECT_FALSE(facts.database_is_configured);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::RoleMissing, role(LoginId::a())));
    EXPECT_FALSE(accepts(tenant_, LoginId::a()));
    const auto failure = failure_of([&] { of(tenant_)->configure(call_); });
    EXPECT_EQ(failure.code, "42704");
    EXPECT_EQ(failure.kind, FailureClass::Invalid);
    claim(tenant_);
    // Its settings in the database went with it.
    EXPECT_EQ(reason_of([&] { prove(tenant_, LoginId::a()); }), Reason::LoginRejected);
    of(tenant_)->configure(call_);
    EXPECT_TRUE(look(tenant_).drift.empty());
    prove(tenant_, LoginId::a());
}

}  // namespace
}  // namespace djdb
