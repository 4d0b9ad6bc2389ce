// What the adapter refuses by itself, before or behind the API server.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace djdb::kube {

/// @throws Error Conflict of that code
[[noreturn]] void refuse(const char* code, const std::string& message);

/// The object of the manifest's name is somebody else's.
/// @throws Error Conflict with SecretConflict
[[noreturn]] void refuse_foreign(const nlohmann::json& manifest);

}  // namespace djdb::kube
