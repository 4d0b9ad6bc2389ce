// Transport on cpprestsdk, the default. Its headers stay in the .cpp. cpprestsdk's hazards are
// listed in README.md with the rule that each one gets.
#pragma once

#include "controller/kube/config/config.hpp"
#include "controller/kube/transport/transport.hpp"

#include <memory>

namespace djdb::kube {

/// First statement of main, before any thread: gives cpprestsdk's pool 4 threads instead of 40 and
/// keeps it from loading the system's roots for each connection. A second call does nothing.
void prepare_cpprest();

/// The transport should live as long as the program.
/// @throws ConfigError for TLS material that can't be parsed
std::unique_ptr<Transport> make_cpprest_transport(const ClusterConfig& config);

}  // namespace djdb::kube
