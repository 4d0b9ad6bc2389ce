// Whether a migration would run beside another one, asked of the API server itself: the caches may not show
// yet what was made a moment ago, by this process or by another one.
#pragma once

#include "controller/kube/client/client.hpp"
#include "crds/names.hpp"

#include <optional>
#include <string>

namespace djdb::kube {

/// @param but the name of a Job that does not count; empty: each does
/// @return the name of a migration Job of this resource that is not over
std::optional<std::string> find_running_migration(
    Client& client,
    const ObjectKey& database,
    const ResourceUid& uid,
    const std::string& but,
    const CallContext& call
);

}  // namespace djdb::kube
