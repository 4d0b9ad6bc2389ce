// PostgresServer: what the platform team writes about one PostgreSQL server, cluster-scoped.
#pragma once

#include "crds/conditions.hpp"
#include "crds/django_database.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace djdb {

/// Only the verified mode exists so far; weaker ones come with their own warnings.
enum class TlsMode { VerifyFull };

struct SecretKeyRef {
    std::string name;
    std::string key = "ca.crt";
    friend bool operator==(const SecretKeyRef&, const SecretKeyRef&) = default;
};

struct SecretRef {
    std::string name;
    friend bool operator==(const SecretRef&, const SecretRef&) = default;
};

struct TlsSpec {
    TlsMode mode = TlsMode::VerifyFull;
    /// In the operator's namespace.
    SecretKeyRef ca_secret_ref;
    friend bool operator==(const TlsSpec&, const TlsSpec&) = default;
};

/// Which namespaces may use the server. Both empty: none.
struct AllowedNamespaces {
    std::vector<std::string> names;
    std::map<std::string, std::string> match_labels;
    friend bool operator==(const AllowedNamespaces&, const AllowedNamespaces&) = default;
};

struct PostgresServerSpec {
    std::string host;
    std::int64_t port = 5432;
    /// The operator's own database on the server: its ledger lives there. Made when absent.
    std::string maintenance_database = "djangodb_operator";
    TlsSpec tls;
    /// In the operator's namespace; keys username and password.
    SecretRef admin_secret_ref;
    AllowedNamespaces allowed_namespaces;
    friend bool operator==(const PostgresServerSpec&, const PostgresServerSpec&) = default;
};

struct PostgresServerStatus {
    std::int64_t observed_generation = -1;
    /// As the server says it, for example "15.18".
    std::string version;
    std::vector<Condition> conditions;
    friend bool operator==(const PostgresServerStatus&, const PostgresServerStatus&) = default;
};

struct PostgresServer {
    ObjectMeta meta;
    PostgresServerSpec spec;
    PostgresServerStatus status;
    friend bool operator==(const PostgresServer&, const PostgresServer&) = default;
};

}  // namespace djdb
