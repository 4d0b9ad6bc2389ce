// The operator's copy of the passwords and the Secrets that the apps read. Throws Error when the API
// server can't be read.
#pragma once

#include "reconcilers/observe/observed.hpp"

namespace djdb {

ObservedSecrets observe_secrets(
    const Desired& desired, const ServerAccess& access, Cluster& cluster, const CallContext& call
);

}  // namespace djdb
