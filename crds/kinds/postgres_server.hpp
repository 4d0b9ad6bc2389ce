// PostgresServer: what the platform team writes about one PostgreSQL server, cluster-scoped.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/kinds/django_database.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace djdb {

enum class TlsMode {
    VerifyFull,  ///< the CA signed the certificate, which carries the host's name
    VerifyCA,    ///< the CA signed the certificate, whatever name it carries
    Require,     ///< encrypted to whoever answers: warned about
};

/// What the server is sent when a login's password is set.
enum class PasswordMode {
    ScramVerifier,  ///< never the password itself
    Plaintext,      ///< for providers that refuse verifiers; needs a verified server
};

struct SecretRef {
    std::string name;
    friend bool operator==(const SecretRef&, const SecretRef&) = default;
};

/// A key of a Secret or ConfigMap. No name: none is given.
struct KeyRef {
    std::string name;
    std::string key = "ca.crt";
    friend bool operator==(const KeyRef&, const KeyRef&) = default;
};

struct TlsSpec {
    TlsMode mode = TlsMode::VerifyFull;
    /// In the operator's namespace. One of the two, and none with Require.
    KeyRef ca_secret_ref;
    KeyRef ca_config_map_ref;
    /// In the operator's namespace; keys tls.crt and tls.key. No name: none is sent.
    SecretRef client_certificate_ref;
    friend bool operator==(const TlsSpec&, const TlsSpec&) = default;
};

/// Which namespaces may use the server. Both empty: none.
struct AllowedNamespaces {
    std::vector<std::string> names;
    std::map<std::string, std::string> match_labels;
    friend bool operator==(const AllowedNamespaces&, const AllowedNamespaces&) = default;
};

/// Leave to take over a database that exists and was not made by the operator.
struct AdoptGrant {
    std::string database;
    /// The resource that may have it.
    std::string ns;
    std::string name;
    /// Roles beside the database's owner whose objects in it may be taken over.
    std::vector<std::string> owners;
    friend bool operator==(const AdoptGrant&, const AdoptGrant&) = default;
};

/// Leave to hand the claim of a database to another resource, also of another cluster.
struct TransferGrant {
    std::string database;
    /// The resource that may have it.
    std::string ns;
    std::string name;
    friend bool operator==(const TransferGrant&, const TransferGrant&) = default;
};

struct Grants {
    std::vector<AdoptGrant> adopt;
    std::vector<TransferGrant> transfer;
    friend bool operator==(const Grants&, const Grants&) = default;
};

struct ServerDeletionSpec {
    /// Resources may ask for their database to be dropped with them.
    bool allow_drop = false;
    friend bool operator==(const ServerDeletionSpec&, const ServerDeletionSpec&) = default;
};

struct PostgresServerSpec {
    /// DNS name, address, or the absolute path of a directory with the server's socket.
    std::string host;
    std::int64_t port = 5432;
    /// The operator's own database on the server: its ledger lives there. Made when absent.
    std::string maintenance_database = "djangodb_operator";
    TlsSpec tls;
    /// In the operator's namespace; keys username and password.
    SecretRef admin_secret_ref;
    AllowedNamespaces allowed_namespaces;
    PasswordMode password_mode = PasswordMode::ScramVerifier;
    /// Sessions of the operator on the server, idle ones included.
    std::int64_t max_sessions = 4;
    /// Extensions that the administrator may install although PostgreSQL does not trust them.
    std::vector<std::string> allowed_extensions;
    Grants grants;
    ServerDeletionSpec deletion;
    friend bool operator==(const PostgresServerSpec&, const PostgresServerSpec&) = default;
};

/// A right that the administrator lacks, and the statement by which a DBA gives it.
struct MissingRight {
    std::string name;
    std::string statement;
    friend bool operator==(const MissingRight&, const MissingRight&) = default;
};

struct AdministratorStatus {
    std::string user;
    std::vector<std::string> rights;
    std::vector<MissingRight> missing;
    friend bool operator==(const AdministratorStatus&, const AdministratorStatus&) = default;
};

struct TlsStatus {
    /// "TLSv1.3"; empty on a socket.
    std::string version;
    /// VerifyFull, VerifyCA, Require, or Socket.
    std::string verification;
    /// When the server's certificate expires, as it says; empty when unknown.
    std::string not_after;
    friend bool operator==(const TlsStatus&, const TlsStatus&) = default;
};

struct PostgresServerStatus {
    std::int64_t observed_generation = -1;
    /// Connected, or the verdict of the diagnosis.
    std::string connection;
    /// As the server says it, for example "15.18".
    std::string version;
    /// Of the data directory: another value is another server.
    std::string system_identifier;
    std::int64_t timeline = 0;
    /// How often the ledger was written; lower than it was is a ledger of the past.
    std::int64_t ledger_revision = 0;
    /// Databases that the ledger names, retained ones included.
    std::int64_t claims = 0;
    TlsStatus tls;
    AdministratorStatus administrator;
    /// Databases for maintenance to which PUBLIC may connect.
    std::vector<std::string> public_connect;
    std::vector<Condition> conditions;
    friend bool operator==(const PostgresServerStatus&, const PostgresServerStatus&) = default;
};

struct PostgresServer {
    ObjectMeta meta;
    PostgresServerSpec spec;
    PostgresServerStatus status;
    /// What of the spec can't be read; the spec is as good as none then.
    std::string undecodable;
    friend bool operator==(const PostgresServer&, const PostgresServer&) = default;
};

}  // namespace djdb
