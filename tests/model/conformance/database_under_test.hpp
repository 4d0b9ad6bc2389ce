// A server that the conformance suite is played on: the model's, or a real one. Whoever links the
// suite makes one.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <memory>
#include <string>
#include <vector>

namespace djdb {

class DatabaseUnderTest {
  public:
    virtual ~DatabaseUnderTest() = default;

    virtual Database& database() = 0;
    /// Another process of the operator begins.
    virtual void restart() = 0;
    virtual ServerAccess access() = 0;
    /// A tenant of its own for each case, with one reader.
    virtual Tenant fresh_tenant() = 0;

    // The DBA's hand.
    virtual void make_role(const std::string& role) = 0;
    virtual void drop_role(const std::string& role) = 0;
    virtual void set_password(const std::string& role, const std::string& password) = 0;
    virtual void forbid_login(const std::string& role) = 0;
    virtual void allow_login(const std::string& role) = 0;
    virtual void remove_comment(const std::string& role) = 0;
    virtual void grant_createdb(const std::string& role) = 0;
    /// A right beside the tenant's database.
    virtual void grant_elsewhere(const std::string& role) = 0;
    virtual void make_database(const std::string& name, const std::string& owner) = 0;
    virtual void drop_database(const std::string& name) = 0;
    virtual void rename_database(const std::string& from, const std::string& to) = 0;
    virtual void give_database(const std::string& name, const std::string& owner) = 0;
    virtual void close_database(const std::string& name) = 0;
    virtual void open_database(const std::string& name) = 0;
    /// A DROP DATABASE of it does not end.
    virtual void half_drop(const std::string& name) = 0;
    virtual void let_public_in(const std::string& name) = 0;
    virtual void make_table(const std::string& database, const std::string& owner) = 0;
    /// Schema public is given to somebody else.
    virtual void disturb_contents(const std::string& database, const std::string& owner) = 0;
    virtual bool has_database(const std::string& name) = 0;
    virtual bool has_role(const std::string& name) = 0;
    /// What a migration Job leaves: django_migrations with this one.
    virtual void migrate(const Tenant&, const std::string& app, const std::string& name) = 0;
    /// As an app does, which stays.
    virtual void open_session(const Tenant&, const LoginId&, const Sensitive& password) = 0;
};

std::unique_ptr<DatabaseUnderTest> make_database_under_test();

}  // namespace djdb
