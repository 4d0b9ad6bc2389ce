// `djangodb-operator diagnose`: the operator's own look at one server, from where it is run. Changes
// nothing, neither in the cluster nor on the server.
#pragma once

#include "controller/cli/options.hpp"

#include <string>

namespace djdb {

struct DiagnoseOptions {
    std::string server;
    /// "table" or "json"
    std::string output = "table";
};

/// Prints to standard output, and trouble with the API server to standard error.
/// @return the process's exit code: 0 good, 1 a verdict, 2 the server could not be looked at
int run_diagnose(const Options& options, const DiagnoseOptions& what);

}  // namespace djdb
