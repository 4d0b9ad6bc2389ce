// HTTP status -> how the world says no. Pure.
#pragma once

#include "controller/kube/transport/transport.hpp"
#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace djdb::kube {

FailureClass classify_status(int status);
/// Whether the API server itself says that the object is not there. A 404 from anything else, or
/// for a kind that is not served, is no word on the object.
[[nodiscard]] bool says_absent(const HttpResponse& answer, const std::string& name);
/// Whether a watch can't go on from its version: expired (410), or newer than the server's data.
/// @param code of the answer or of the Status object in an ERROR event
[[nodiscard]] bool says_version_is_lost(int code, const nlohmann::json& status);

/// @param what the call, for the message: "PATCH /api/..."; the answer's Status object gives reason
/// and message.
Error status_error(const HttpResponse& answer, const std::string& what);

}  // namespace djdb::kube
