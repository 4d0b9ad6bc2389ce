// What a PostgresServer says of itself: a pure function of what was found.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/server/lookup.hpp"

#include <optional>

namespace djdb {

/// What one look at a server brought: what is missing to look, or why it failed, or what was seen.
struct ServerObservation {
    ServerLookup lookup;
    std::optional<Failure> failure;
    std::optional<ServerFacts> facts;
};

/// Looks as the server's own reconciler does, and changes nothing.
ServerObservation observe_server(const PostgresServer&, Cluster&, Database&, const CallContext&);

/// What was remembered stays until a look succeeds: it is what the server is compared with.
PostgresServerStatus derive_server_status(
    const PostgresServer&, const ServerObservation&, TimePoint now
);

bool is_ready(const PostgresServerStatus&);

}  // namespace djdb
