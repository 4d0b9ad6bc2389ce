// Transport on Boost.Beast, and the watches of both. Boost stays in the .cpp files. Each connection
// has an io_context of its own that the calling thread runs, so there is no thread and no lock
// inside a call.
#pragma once

#include "controller/kube/config/config.hpp"
#include "controller/kube/transport/transport.hpp"

#include <memory>

namespace djdb::kube {

/// Keeps up to 4 idle connections. @throws ConfigError for TLS material that can't be parsed
std::unique_ptr<Transport> make_beast_transport(const ClusterConfig& config);
std::unique_ptr<WatchTransport> make_watch_transport(const ClusterConfig& config);

}  // namespace djdb::kube
