// What `djangodb-operator diagnose` says of a server: the way to it, step by step. Pure.
#pragma once

#include "reconcilers/server/status.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace djdb {

enum class StepState {
    Good,
    Bad,        ///< the verdict; nothing behind it was reached
    Unreached,  ///< behind the verdict
    Doubted,    ///< works, and a person should know of it
};

struct ReportStep {
    std::string name;
    StepState state = StepState::Good;
    std::string detail;
};

struct ServerReport {
    std::string server;
    std::string host;
    std::int64_t port = 0;
    std::vector<std::string> addresses;
    /// "Connected", or the reason of the first step that is bad.
    std::string verdict;
    std::vector<ReportStep> steps;

    [[nodiscard]] bool is_good() const;
};

/// @param addresses that the host resolves to now; none for a socket
ServerReport make_report(
    const PostgresServer&,
    const ServerObservation&,
    const PostgresServerStatus& derived,
    std::vector<std::string> addresses
);

std::string to_table(const ServerReport&);
nlohmann::ordered_json to_json(const ServerReport&);

}  // namespace djdb
