// Where a PostgreSQL server is, who has to answer there, and as whom the operator logs in.
#pragma once

#include "crds/kinds/postgres_server.hpp"
#include "crds/sensitive.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace djdb {

/// What tells one server from another, and today's from yesterday's.
struct ServerIdentity {
    /// Of the data directory; empty: not known, which equals every one.
    std::string system_identifier;
    /// Grows with each failover and each restoration; 0: not known.
    std::int64_t timeline = 0;
    /// How often the ledger was written; 0: never, or it is not there.
    std::int64_t ledger_revision = 0;
    friend bool operator==(const ServerIdentity&, const ServerIdentity&) = default;
};

/// No statement is sent to a server that is neither.
struct IdentityRule {
    /// The server as it was when it was last looked at.
    ServerIdentity expected;
    /// Another one that a person lets take its place; only this very one.
    ServerIdentity accepted;
    friend bool operator==(const IdentityRule&, const IdentityRule&) = default;
};

struct ServerTls {
    TlsMode mode = TlsMode::VerifyFull;
    /// Empty with TlsMode::Require and on a socket.
    std::string ca_pem = {};
    friend bool operator==(const ServerTls&, const ServerTls&) = default;
};

struct ServerAddress {
    /// DNS name, address, or the absolute path of a socket's directory, where TLS is not used.
    std::string host;
    std::int64_t port = 5432;
    ServerTls tls = {};
    /// Sessions of the operator on the server, idle ones included.
    std::size_t max_sessions = 4;
    IdentityRule identity = {};

    [[nodiscard]] bool is_socket() const { return host.starts_with('/'); }
};

/// Both empty: none is sent.
struct ClientCertificate {
    std::string pem;
    Sensitive key_pem;
    friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

struct Login {
    std::string user;
    Sensitive password;
    ClientCertificate certificate = {};
    friend bool operator==(const Login&, const Login&) = default;
};

/// How to reach a server as its administrator, and what its owner lets the operator do there.
struct ServerAccess {
    ServerAddress address;
    Login administrator;
    std::string maintenance_database;
    PasswordMode password_mode = PasswordMode::ScramVerifier;
    /// Extensions that are not trusted are installed only if they are in here.
    std::vector<std::string> allowed_extensions = {};
};

}  // namespace djdb
