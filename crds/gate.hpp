// The release gate: the admission policy and binding that the chart installs, as values to compare
// with. Pure.
//
// Promise: every field has the value that the API server would default it to, so a live spec is
// intact exactly when it is equal to the value here. Verified on Kubernetes 1.36.3; a test compares
// with the chart.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace djdb {

/// "system:serviceaccount:NAMESPACE:NAME": the only user whose writes the gate does not hold.
std::string operator_username(std::string_view name_space, std::string_view service_account);

/// `spec` of the MutatingAdmissionPolicy api::kGate: it sets spec.paused on a Deployment with the
/// label api::kDatabaseLabel when anyone but the operator makes it, changes its Pod template, or
/// writes to it while it is held.
/// @param operator_username as operator_username() renders it
nlohmann::json gate_policy_spec(std::string_view operator_username);

/// `spec` of the MutatingAdmissionPolicyBinding api::kGate: all namespaces, no parameters.
nlohmann::json gate_binding_spec();

}  // namespace djdb
