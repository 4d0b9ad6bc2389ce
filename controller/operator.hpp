// The composition root: builds the adapters, starts reflectors, workers and probes, and stops them
// in order.
#pragma once

#include "controller/cli/options.hpp"

#include <stop_token>

namespace djdb {

/// Runs until `stop` is requested or the caches can't be filled in two minutes.
/// @return the process's exit code
int run_operator(const Options& options, std::stop_token stop);

}  // namespace djdb
