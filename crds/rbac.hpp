// What the operator may do in Kubernetes: one table. The chart's roles are generated from it.
#pragma once

#include <span>
#include <string_view>

namespace djdb {

enum class RbacScope { Cluster, OperatorNamespace };

struct RbacRule {
    RbacScope scope;
    std::string_view group;
    std::string_view resource;
    /// Separated by spaces.
    std::string_view verbs;
    std::string_view why;
};

std::span<const RbacRule> rbac_table();

}  // namespace djdb
