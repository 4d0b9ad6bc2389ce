// Host names to addresses without blocking past a deadline: libpq would block inside
// PQconnectStart.
#pragma once

#include "reconcilers/ports/call_context.hpp"

#include <string>
#include <vector>

namespace djdb::postgres {

/// At most 8 numeric addresses, in the resolver's order, looked up anew each time (failover moves
/// names). Empty when the name does not resolve or the deadline passed. Any thread.
std::vector<std::string> resolve(const std::string& host, const CallContext&);

}  // namespace djdb::postgres
