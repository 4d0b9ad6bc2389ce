// What the operator answers by HTTP, and when.
#pragma once

#include "controller/http/health_server.hpp"

#include <atomic>
#include <map>
#include <string>

namespace djdb::http {

/// /livez: the process answers. /readyz: caches are filled and workers run.
/// @param ready outlives the server
std::map<std::string, Check> endpoints(const std::atomic<bool>& ready);

}  // namespace djdb::http
