// A claim moves to another resource: the former one can't reach the database any more.
#include "reconcilers/sql/adopt/transfer.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/remove/retire.hpp"
#include "tests/postgres/live_server.hpp"

namespace djdb::postgres {
namespace {

class Transfer : public LiveServer {
  protected:
    Transfer()
        : names_(fresh_tenant()),
          former_(claimant_of(names_)),
          next_(claimant_of(names_, "uid-2")) {
        next_.cluster_id = "cluster-2";
        next_.key.ns = Namespace("elsewhere");
        provision(names_, former_);
        app_ = Connection::open(
            tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
        );
        app_->run({"CREATE TABLE kept AS SELECT 42 AS n"}, call_for());
    }
    ClaimState claim_of(const Claimant& claimant) {
        return database_of(names_, claimant)->inspect(call_for()).claim;
    }
    void finish(const Claimant& claimant, const TenantPasswords& passwords) {
        database_of(names_, claimant)->reattach(call_for());
        database_of(names_, claimant)->claim_and_create_roles(passwords, {}, call_for());
        database_of(names_, claimant)->configure(call_for());
    }
    void expect_moved(const TenantPasswords& fresh) {
        EXPECT_EQ(claim_of(next_), ClaimState::Mine);
        EXPECT_EQ(claim_of(former_), ClaimState::OfAnother);
        database_of(names_)->prove_login(LoginId::a(), fresh.at(LoginId::a()), call_for());
        database_of(names_)->prove_login(
            LoginId::migrate(), fresh.at(LoginId::migrate()), call_for()
        );
        const auto app = Connection::open(
            tenant_endpoint(names_, names_.login_a, fresh.at(LoginId::a())), call_for()
        );
        EXPECT_EQ(app->run({"SELECT n FROM kept"}, call_for()).at(0).at(0), "42");
        for (const auto& [login, old] :
             {std::pair{names_.login_a, passwords_.at(LoginId::a())},
              {names_.migrate, passwords_.at(LoginId::migrate())}}) {
            EXPECT_EQ(
                failure_of([&] {
                    Connection::open(tenant_endpoint(names_, login, old), call_for());
                }).reason,
                Reason::AuthRejected
            );
        }
    }

    TenantNames names_;
    Claimant former_;
    Claimant next_;
    TenantPasswords fresh_ = fresh_passwords();
    std::unique_ptr<Connection> app_;
};

TEST_F(Transfer, MovesClaimMarksAndPasswords) {
    const auto revision = [] {
        return as_superuser("SELECT last_value FROM djangodb.revision", "djangodb");
    };
    const auto before = std::stol(revision());
    database_of(names_, next_)->transfer(call_for());
    EXPECT_GT(std::stol(revision()), before);
    EXPECT_EQ(
        failure_of([&] { app_->run({"SELECT 1"}, call_for()); }).kind, FailureClass::Transient
    ) << "its sessions were ended";
    EXPECT_EQ(
        failure_of([&] {
            database_of(names_)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
        }).reason,
        Reason::LoginRejected
    ) << "already before the new passwords are set";
    EXPECT_EQ(claim_of(next_), ClaimState::RetainedForMe);
    finish(next_, fresh_);
    expect_moved(fresh_);
    // What a new tenant of that claimant looks like, but for the name of the resource.
    const auto whole = fresh_tenant();
    auto claimant = next_;
    claimant.key.name = ObjectName(whole.database.str());
    provision(whole, claimant);
    EXPECT_EQ(end_state(names_), end_state(whole));
}

TEST_F(Transfer, TheFormerResourceChangesNothingAnyMore) {
    database_of(names_, next_)->transfer(call_for());
    finish(next_, fresh_);
    const auto before = end_state(names_);
    EXPECT_EQ(failure_of([&] { provision(names_, former_); }).reason, Reason::OwnershipConflict);
    database_of(names_, former_)->retire(call_for());
    database_of(names_, former_)->reattach(call_for());
    EXPECT_EQ(
        failure_of([&] { database_of(names_, former_)->drop(call_for()); }).reason,
        Reason::ClaimLost
    );
    EXPECT_EQ(end_state(names_), before);
    expect_moved(fresh_);
}

TEST_F(Transfer, RoleThatOnlyBearsTheMarkIsLeft) {
    const auto role = names_.database.str() + "_stranger";
    as_superuser(
        "CREATE ROLE " + role + " LOGIN; COMMENT ON ROLE " + role + " IS '" +
        sql::role_comment(names_, former_) + "'"
    );
    as_superuser("GRANT " + role + " TO " + access_.administrator.user + " WITH ADMIN OPTION");
    database_of(names_, next_)->transfer(call_for());
    EXPECT_EQ(
        as_superuser(
            "SELECT concat_ws(' ', rolcanlogin, shobj_description(oid, 'pg_authid')) FROM pg_roles "
            "WHERE rolname = '" +
            role + "'"
        ),
        "t " + sql::role_comment(names_, former_)
    );
    as_superuser("DROP ROLE " + role);
}

TEST_F(Transfer, NeverGoesBackToTheResourceThatLostIt) {
    database_of(names_, next_)->transfer(call_for());
    EXPECT_TRUE(database_of(names_, former_)->inspect(call_for()).lost_by_transfer);
    const auto before = end_state(names_);
    EXPECT_EQ(
        failure_of([&] { database_of(names_, former_)->transfer(call_for()); }).reason,
        Reason::OwnershipConflict
    );
    EXPECT_EQ(end_state(names_), before);
    auto anew = former_;
    anew.uid = ResourceUid("uid-3");
    database_of(names_, anew)->transfer(call_for());
    EXPECT_EQ(claim_of(anew), ClaimState::RetainedForMe) << "made anew, with the grant";
}

TEST_F(Transfer, OfARetainedClaim) {
    database_of(names_, former_)->retire(call_for());
    EXPECT_EQ(claim_of(next_), ClaimState::OfAnother);
    database_of(names_, next_)->transfer(call_for());
    finish(next_, fresh_);
    expect_moved(fresh_);
}

TEST_F(Transfer, OfAClaimThatNobodyHasChangesNothing) {
    const auto nobody = fresh_tenant();
    database_of(nobody)->transfer(call_for());
    EXPECT_EQ(end_state(nobody), "");
}

TEST_F(Transfer, IsTheSameAfterACutAtEveryStatement) {
    cut_everywhere(sql::transfer(names_, next_), access_.maintenance_database, names_);
    EXPECT_EQ(claim_of(next_), ClaimState::OfAnother);
    EXPECT_NO_THROW(app_->run({"SELECT 1"}, call_for()));
    Connection::open(admin_endpoint(access_.maintenance_database), call_for())
        ->run_batch(sql::transfer(names_, next_), call_for());
    // Cut before the sessions were ended: what comes next ends them.
    EXPECT_NO_THROW(app_->run({"SELECT 1"}, call_for()));
    EXPECT_EQ(claim_of(next_), ClaimState::RetainedForMe);
    cut_everywhere(sql::reattach(names_, next_), access_.maintenance_database, names_);
    finish(next_, fresh_);
    EXPECT_EQ(
        failure_of([&] { app_->run({"SELECT 1"}, call_for()); }).kind, FailureClass::Transient
    );
    expect_moved(fresh_);
}

}  // namespace
}  // namespace djdb::postgres
