// What has the tenant's name and is not its database, which goes by its OID: dropped, replaced, renamed,
// given away or half dropped by hand. And whose word on the server itself is believed.
#include "tests/model/conformance/database_conformance.hpp"
#include "tests/support/a_pass.hpp"

namespace djdb {
namespace {

TEST_F(DatabaseConformance, ADatabaseOfSomebodyElseIsLeft) {
    server_->make_database(name(), dba());
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Foreign);
    EXPECT_EQ(facts.database_owner, dba());
    EXPECT_EQ(reason_of([&] { claim(tenant_); }), Reason::AdoptionNotGranted);
    EXPECT_EQ(look(tenant_).roles, RolesState::Absent);
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
}

TEST_F(DatabaseConformance, ANamesakeIsNotConfigured) {
    claim(tenant_);
    of(tenant_)->create(call_);
    replace_by_hand();
    EXPECT_EQ(look(tenant_).database, DatabaseState::Foreign);
    EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::AdoptionNotGranted);
    EXPECT_EQ(look(tenant_).database, DatabaseState::Foreign);
    of(tenant_)->create(call_);
    of(tenant_)->drop(call_);
    EXPECT_TRUE(server_->has_database(name()));
}

TEST_F(DatabaseConformance, ALostDatabaseIsNotReplaced) {
    provision(tenant_);
    const auto oid = look(tenant_).database_oid;
    server_->drop_database(name());
    auto facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Lost);
    EXPECT_EQ(facts.database_oid, oid);
    EXPECT_EQ(facts.database_name, "");
    EXPECT_FALSE(facts.was_configured);
    const auto failure = failure_of([&] { of(tenant_)->create(call_); });
    EXPECT_EQ(failure.reason, Reason::DatabaseLost);
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    EXPECT_FALSE(server_->has_database(name()));
    server_->make_database(name(), dba());
    facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Replaced);
    EXPECT_EQ(facts.database_oid, oid);
    EXPECT_EQ(facts.database_name, name());
    EXPECT_EQ(facts.database_owner, dba());
    EXPECT_EQ(reason_of([&] { of(tenant_)->create(call_); }), Reason::DatabaseLost);
    EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::AdoptionNotGranted);
    // Its roles and claim go; what bears its name, with another OID, stays.
    of(tenant_)->drop(call_);
    EXPECT_TRUE(server_->has_database(name()));
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
    EXPECT_EQ(look(tenant_).database, DatabaseState::Foreign);
}

TEST_F(DatabaseConformance, RenamedAndBack) {
    provision(tenant_);
    const auto moved = name() + "_moved";
    server_->rename_database(name(), moved);
    for (int twice = 0; twice < 2; ++twice) {
        const auto facts = look(tenant_);
        EXPECT_EQ(facts.database, DatabaseState::Renamed);
        EXPECT_EQ(facts.database_name, moved);
        EXPECT_EQ(facts.database_owner, server_->access().administrator.user);
        EXPECT_EQ(reason_of([&] { of(tenant_)->create(call_); }), Reason::DatabaseLost);
        EXPECT_EQ(reason_of([&] { of(tenant_)->configure(call_); }), Reason::AdoptionNotGranted);
        note_in_vain(tenant_, "shop:1");
        if (twice == 0) {
            server_->make_database(name(), dba());
        }
    }
    server_->drop_database(name());
    server_->rename_database(moved, name());
    EXPECT_TRUE(look(tenant_).database_is_configured);
    EXPECT_TRUE(look(tenant_).passed_images.empty());
}

TEST_F(DatabaseConformance, ARenamedDatabaseIsInTheWayOfItsDrop) {
    provision(tenant_);
    const auto moved = name() + "_moved";
    server_->rename_database(name(), moved);
    const auto failure = failure_of([&] { of(tenant_)->drop(call_); });
    EXPECT_EQ(failure.reason, Reason::DropObstructed);
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    EXPECT_TRUE(server_->has_database(moved));
    EXPECT_EQ(look(tenant_).claim, ClaimState::Mine);
    EXPECT_FALSE(accepts(tenant_, LoginId::a()));
    server_->rename_database(moved, name());
    of(tenant_)->drop(call_);
    EXPECT_FALSE(server_->has_database(name()));
}

TEST_F(DatabaseConformance, GivenToSomebodyElse) {
    provision(tenant_);
    server_->give_database(name(), dba());
    const auto facts = look(tenant_);
    EXPECT_EQ(facts.database, DatabaseState::Reowned);
    EXPECT_EQ(facts.database_owner, dba());
    EXPECT_FALSE(facts.database_is_configured);
    EXPECT_FALSE(facts.was_configured);
    EXPECT_TRUE(has_drift(facts.drift, DriftKind::DatabaseOwner, name()));
    EXPECT_EQ(facts.roles, RolesState::Complete);
}

TEST_F(DatabaseConformance, HalfDropped) {
    provision(tenant_);
    server_->half_drop(name());
    EXPECT_EQ(look(tenant_).database, DatabaseState::HalfDropped);
    of(tenant_)->create(call_);
    EXPECT_EQ(look(tenant_).database, DatabaseState::HalfDropped);
    of(tenant_)->drop(call_);
    EXPECT_FALSE(server_->has_database(name()));
    EXPECT_EQ(look(tenant_).claim, ClaimState::Unclaimed);
}

TEST_F(DatabaseConformance, AnImagePassesOnTheDatabaseOfItsOid) {
    claim(tenant_);
    of(tenant_)->create(call_);
    of(tenant_)->record_passed({a_pass("shop:0")}, call_);
    of(tenant_)->configure(call_);
    EXPECT_EQ(look(tenant_).passed_images, std::vector<ImageRef>{ImageRef("shop:0")});
    EXPECT_EQ(look(tenant_).passed_templates, std::vector{a_pass("shop:0")});
    const auto read = [&] {
        return of(tenant_)->read_migrations("", passwords_.at(LoginId::migrate()), call_);
    };
    EXPECT_FALSE(read().table_exists);
    server_->migrate(tenant_, "orders", "0001_initial");
    EXPECT_TRUE(read().table_exists);
    EXPECT_EQ(read().names, std::vector<std::string>{"orders.0001_initial"});
    of(tenant_)->record_passed({a_pass("shop:1")}, call_);
    of(tenant_)->record_passed({a_pass("shop:2")}, call_);
    auto again = a_pass("shop:1");
    again.applied = "more than before";
    of(tenant_)->record_passed({again}, call_);
    EXPECT_EQ(
        look(tenant_).passed_images,
        (std::vector<ImageRef>{ImageRef("shop:0"), ImageRef("shop:2"), ImageRef("shop:1")})
    );
    EXPECT_EQ(
        look(tenant_).passed_templates, (std::vector{a_pass("shop:0"), a_pass("shop:2"), again})
    );
    EXPECT_TRUE(look(of_another(tenant_)).passed_images.empty());
    EXPECT_TRUE(look(of_another(tenant_)).passed_templates.empty());
    replace_by_hand();
    EXPECT_TRUE(look(tenant_).passed_images.empty());
    EXPECT_TRUE(look(tenant_).passed_templates.empty());
    // What has the name now is not the database that the image passed on.
    note_in_vain(tenant_, "shop:3");
    EXPECT_TRUE(look(tenant_).passed_images.empty());
    EXPECT_TRUE(look(tenant_).passed_templates.empty());
    EXPECT_EQ(
        reason_of([&] { of(of_another(tenant_))->record_passed({a_pass("shop:3")}, call_); }),
        Reason::ClaimLost
    );
}

TEST_F(DatabaseConformance, TheServerAndItsAdministrator) {
    claim(tenant_);
    auto& database = server_->database();
    const auto access = server_->access();
    const auto facts = database.inspect_server(access, call_);
    EXPECT_GE(facts.version_number, 130000);
    EXPECT_FALSE(facts.version.empty());
    EXPECT_TRUE(facts.has_maintenance_database);
    EXPECT_TRUE(facts.has_ledger);
    EXPECT_EQ(facts.tls_version, "TLSv1.3");
    EXPECT_FALSE(facts.identity.system_identifier.empty());
    EXPECT_GE(facts.identity.timeline, 1);
    const auto administrator = database.inspect_administrator(access, call_);
    for (const auto& found : {facts.administrator, administrator}) {
        EXPECT_EQ(found.user, access.administrator.user);
        EXPECT_TRUE(found.can_create_database || found.is_superuser);
        EXPECT_TRUE(found.can_create_role || found.is_superuser);
        EXPECT_TRUE(found.may_connect);
        EXPECT_TRUE(found.may_create);
        EXPECT_EQ(found.ledger_owner, "");
    }
    claim(with_database(tenant_, name() + "_2"));
    EXPECT_EQ(database.inspect_server(access, call_).claims, facts.claims + 1);
}

TEST_F(DatabaseConformance, ServersThatAreNotTheExpectedOne) {
    provision(tenant_);
    auto access = server_->access();
    const auto found = server_->database().inspect_server(access, call_).identity;
    const auto refusal = [&] {
        // Of before, a session may be idle, and a refusal is repeated for a while.
        server_->restart();
        const auto looked = failure_of([&] { server_->database().inspect_server(access, call_); });
        server_->restart();
        const auto written = failure_of([&] {
            server_->database().of(access, tenant_)->claim_and_create_roles(passwords_, {}, call_);
        });
        EXPECT_EQ(looked.kind, FailureClass::Terminal);
        EXPECT_EQ(written.kind, FailureClass::Terminal);
        EXPECT_EQ(looked.reason, written.reason);
        return looked.reason;
    };
    access.address.identity.expected = {"1", found.timeline, 0};
    EXPECT_EQ(refusal(), Reason::ServerIdentityChanged);
    access.address.identity.expected = {found.system_identifier, found.timeline + 1, 0};
    EXPECT_EQ(refusal(), Reason::ServerRestored);
    access.address.identity.expected = {found.system_identifier, found.timeline, 1'000'000'000};
    EXPECT_EQ(refusal(), Reason::ServerRestored);
    access.address.identity.expected = {found.system_identifier, found.timeline, 1};
    server_->restart();
    server_->database().inspect_server(access, call_);
    EXPECT_EQ(server_->database().of(access, tenant_)->inspect(call_).claim, ClaimState::Mine);
}

}  // namespace
}  // namespace djdb
