// Names as types: a role cannot be passed where a database is meant. Conversions are explicit both
// ways.
#pragma once

#include <compare>
#include <string>
#include <utility>

namespace djdb {

template <class Tag>
class Name {
  public:
    Name() = default;
    explicit Name(std::string value) : value_(std::move(value)) {}

    [[nodiscard]] const std::string& str() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }
    friend auto operator<=>(const Name&, const Name&) = default;

  private:
    std::string value_;
};

// PostgreSQL
using DatabaseName = Name<struct DatabaseNameTag>;
using RoleName = Name<struct RoleNameTag>;

// Kubernetes
using Namespace = Name<struct NamespaceTag>;
using ObjectName = Name<struct ObjectNameTag>;
using ResourceUid = Name<struct ResourceUidTag>;
using ImageRef = Name<struct ImageRefTag>;

/// Hash of everything a migration attempt depends on: resource, image and Pod template.
using Revision = Name<struct RevisionTag>;

/// A namespaced object's address. Cluster-scoped objects have an empty namespace.
struct ObjectKey {
    Namespace ns;
    ObjectName name;
    friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

/// "namespace/name", or "name" for cluster-scoped objects; for logs and messages.
inline std::string to_string(const ObjectKey& key) {
    return key.ns.empty() ? key.name.str() : key.ns.str() + "/" + key.name.str();
}

}  // namespace djdb
