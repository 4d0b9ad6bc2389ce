// HTTP status -> how the world says no. Pure.
#pragma once

#include "controller/kube/transport.hpp"
#include "reconcilers/failure.hpp"

#include <string>

namespace djdb::kube {

FailureClass classify_status(int status);
/// @param what the call, for the message: "PATCH /api/..."; the answer's Status object gives reason
/// and message.
Error status_error(const HttpResponse& answer, const std::string& what);

}  // namespace djdb::kube
