// A status that a CustomResourceDefinition of an earlier version refuses, since it does not know all conditions and
// reasons of this one (crds.enabled=false, and nobody has renewed it). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace djdb::kube {

/// The status without the conditions whose type the refusal names, and with the reason Progressing in the place of those
/// that it names. The messages stay.
/// @param refusal the API server's words
/// @return nothing when it was refused for something else
std::optional<nlohmann::json> without_unknown_words(
    nlohmann::json status, const std::string& refusal
);

}  // namespace djdb::kube
