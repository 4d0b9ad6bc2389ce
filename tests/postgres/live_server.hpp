// A real PostgreSQL for a test: the administrator's access, tenants of their own, and the
// superuser's eyes.
#pragma once

#include "controller/postgres/postgres_database.hpp"
#include "reconcilers/sql/provision/passwords.hpp"
#include "tests/support/failure_of.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace djdb::postgres {

/// The value of an environment variable; ends the test program with a message when it is missing.
std::string require_variable(const char* name);

CallContext call_for(std::chrono::seconds span = std::chrono::seconds{60});

/// What the server's superuser sees through the Unix socket: first column of the first row, "" when
/// none.
std::string as_superuser(const std::string& sql, const std::string& database = "postgres");

/// Answers like as_superuser, of whichever server.
using Superuser = std::function<std::string(const std::string& sql, const std::string& database)>;

/// The same of another server.
std::string ask_as_superuser(
    const std::string& socket,
    const std::string& port,
    const std::string& sql,
    const std::string& database
);

/// The server's log from this byte on.
std::string server_log(std::size_t from = 0);

/// All that provisioning leaves on the server for a tenant, with its name replaced: two tenants
/// that went the same way compare equal. "" when nothing is there.
std::string end_state(const TenantNames& names, const Superuser& ask = as_superuser);

/// 32 characters that no other test run uses.
Sensitive fresh_password();

/// Of the logins of a tenant without readers.
TenantPasswords fresh_passwords();

/// What the server is given of them.
sql::Verifiers verifiers_of(const TenantPasswords& passwords);

/// A self-signed certificate that no server has.
std::string foreign_ca();

class LiveServer : public testing::Test {
  protected:
    LiveServer();

    /// Names and claimant of their own for each call.
    TenantNames fresh_tenant();
    [[nodiscard]] Claimant claimant_of(const TenantNames& names, const std::string& uid = "uid-1")
        const;
    /// The tenant as setup_ says, for this claimant; without one, for its own.
    std::unique_ptr<TenantDatabase> database_of(
        const TenantNames& names, const std::optional<Claimant>& claimant = {}
    );
    /// T1, T2, T3.
    void provision(const TenantNames& names, const Claimant& claimant);
    /// Of the session that the tests' administrator gets.
    [[nodiscard]] static int server_version();
    [[nodiscard]] bool admin_is_superuser() const;
    [[nodiscard]] Endpoint tenant_endpoint(
        const TenantNames& names, const RoleName& login, const Sensitive& password
    ) const;
    [[nodiscard]] Endpoint admin_endpoint(const std::string& database) const;
    /// For every statement of the batch: its session ends right before it, and once after the last,
    /// before the commit. Each time all is as it was, and what else is expected holds.
    void cut_everywhere(
        const sql::Batch& batch,
        const std::string& database,
        const TenantNames& names,
        const std::function<void()>& expect = [] {}
    );

    ServerAccess access_;
    TenantPasswords passwords_;
    /// Every default; cases about access change it.
    TenantSetup setup_;
    PostgresDatabase database_;
};

}  // namespace djdb::postgres
