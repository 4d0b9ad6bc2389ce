// Where a session goes, as whom, who has to answer there, and who must not. A value; any thread.
#pragma once

#include "controller/postgres/session/scram_limit.hpp"
#include "crds/names.hpp"
#include "crds/sensitive.hpp"
#include "reconcilers/ports/server_access.hpp"
#include "reconcilers/sql/inspect/session_kind.hpp"

#include <string>

namespace djdb::postgres {

using sql::SessionKind;

struct Endpoint {
    ServerAddress server;
    Login login;
    std::string database;
    SessionKind kind = SessionKind::Admin;
    bool is_reusable = true;  ///< kept idle after use; databases of tenants are left immediately
    /// The password is proven to the very server that the certificate is of, and sent to nobody.
    bool binds_channel = true;
    /// Of hashing for the password, if the server asks for it by SCRAM.
    int most_iterations = ScramLimit::kMost;

    [[nodiscard]] bool is_socket() const { return server.is_socket(); }

    /// Whether a session of the one serves the other. What was expected is no part of it: it
    /// changes with each claim.
    friend bool operator==(const Endpoint& a, const Endpoint& b);
};

/// `host:port as role "user", database "name"`, for messages.
std::string to_string(const Endpoint&);

/// `host:port`, or the path of the socket.
std::string address_of(const Endpoint&);

/// The administrator's way into this database.
Endpoint admin_endpoint(const ServerAccess&, std::string database);

/// The way of a tenant's login into its database.
Endpoint tenant_endpoint(
    const ServerAccess&, const DatabaseName&, const RoleName& login, const Sensitive& password
);

}  // namespace djdb::postgres
