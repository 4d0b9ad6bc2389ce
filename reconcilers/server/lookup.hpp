// From the name of a PostgresServer to its administrator's login, or what is missing for it. Reads
// caches only; any thread.
#pragma once

#include "crds/kinds/postgres_server.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/verdict.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb {

enum class ServerReference {
    Found,
    NotFound,
    Undecodable,
    NamespaceNotAllowed,
    AdminSecretMissing,
    AdminSecretInvalid,
    CaMissing,
    ClientCertificateInvalid
};

/// What the server's owner allows.
struct ServerPolicy {
    Grants grants;
    bool allow_drop = false;
};

/// The server that a resource names, with its administrator's login, or what is missing.
struct ServerLookup {
    ServerReference reference = ServerReference::NotFound;
    std::string detail;
    std::optional<ServerAccess> access;
    ServerPolicy policy;
    /// Of the PostgresServer; empty when there is none.
    ResourceUid uid = {};
    /// Of PostgreSQL, as the server was last seen; empty: it was not yet.
    std::string version = {};
};

/// The leave that the server's owner gave this resource for this database, or null.
const AdoptGrant* find_adopt_grant(
    const ServerPolicy&, const DatabaseName&, const ObjectKey& resource
);
const TransferGrant* find_transfer_grant(
    const ServerPolicy&, const DatabaseName&, const ObjectKey& resource
);

/// Known even while its administrator's Secret is missing.
ServerPolicy policy_of(const PostgresServer&);

/// @param ns the namespace that wants to use it; none: the server's own reconciler asks, which
/// alone may find another server accepted, since it is the one that remembers it.
/// @param is_leaving what was made while the namespace was allowed is taken away even if it is not
/// any more: the ledger says what that is
ServerLookup look_up_server(
    const std::optional<PostgresServer>& server,
    const std::optional<Namespace>& ns,
    Cluster& cluster,
    bool is_leaving = false
);

/// What is missing for the login, and the repair; `lookup` has no access.
Finding explain_reference(const ServerLookup& lookup, const std::string& server_name);

}  // namespace djdb
