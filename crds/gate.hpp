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

/// `spec` of the MutatingAdmissionPolicy api::kGate. On writes to a Deployment with the label api::kDatabaseLabel by
/// anyone but the operator it sets spec.paused, and api::kHeldAnnotation to tell that from a user's pause:
///
/// it is made     | not paused, or marked (a held one that comes back from a backup) | held
///                | paused by whoever makes it                                       | his pause
/// it is marked   | whatever is written                                              | held
/// a user's pause | is kept, whatever else is written                                | his pause
///                | ends                                                             | held: its template may be new
/// neither        | the Pod template changes                                         | held
///                | the writer pauses it                                             | his pause
///                | anything else                                                    | open
/// @param operator_username as operator_username() renders it
nlohmann::json gate_policy_spec(std::string_view operator_username);

/// That one, or the one of the version before, which a chart that is not upgraded yet has left: it set no mark.
bool is_intact_policy(const nlohmann::json& spec, std::string_view operator_username);

/// `spec` of the MutatingAdmissionPolicyBinding api::kGate: all namespaces, no parameters.
nlohmann::json gate_binding_spec();

}  // namespace djdb
