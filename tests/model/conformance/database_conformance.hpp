// What the cases about PostgreSQL share. The same calls go to the model server and to a real one: what
// one answers, the other does, and what one refuses, the other refuses in the same way.
#pragma once

#include "tests/model/conformance/database_under_test.hpp"
#include "tests/support/a_pass.hpp"
#include "tests/support/failure_of.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

class DatabaseConformance : public testing::Test {
  protected:
    std::unique_ptr<TenantDatabase> of(const Tenant& tenant) {
        return server_->database().of(server_->access(), tenant);
    }
    TenantFacts look(const Tenant& tenant) { return of(tenant)->inspect(call_); }
    void claim(const Tenant& tenant) { of(tenant)->claim_and_create_roles(passwords_, {}, call_); }
    void provision(const Tenant& tenant) {
        claim(tenant);
        of(tenant)->create(call_);
        of(tenant)->configure(call_);
    }
    void prove(const Tenant& tenant, const LoginId& login) {
        of(tenant)->prove_login(login, passwords_.at(login), call_);
    }
    bool accepts(const Tenant& tenant, const LoginId& login) {
        return of(tenant)->accepts_password(login, passwords_.at(login), call_);
    }
    /// Of a database that is not the claimed one: refused, or for nobody.
    void note_in_vain(const Tenant& tenant, const std::string& image) {
        try {
            of(tenant)->record_passed({a_pass(image)}, call_);
        } catch (const Error& error) {
            EXPECT_EQ(error.failure().reason, Reason::AdoptionNotGranted);
        }
    }
    template <class Call>
    std::optional<Reason> reason_of(Call&& call) {
        return failure_of(std::forward<Call>(call)).reason;
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
    static Tenant with_database(Tenant tenant, const std::string& name) {
        tenant.names = tenant_names(DatabaseName(name), {{"reports", ""}});
        return tenant;
    }
    static std::vector<Drift> only(Drift drift) { return {std::move(drift)}; }
    /// Somebody else's role, which no tenant has.
    std::string dba() {
        const auto role = "dba_" + name();
        if (!server_->has_role(role)) {
            server_->make_role(role);
        }
        return role;
    }
    /// Another database, with another OID, gets the tenant's name.
    void replace_by_hand() {
        server_->drop_database(name());
        server_->make_database(name(), dba());
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

}  // namespace djdb
