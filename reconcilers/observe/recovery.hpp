// What is left of passwords whose stored copy is gone: the Secrets that the apps read.
#pragma once

#include "reconcilers/observe/observed.hpp"

namespace djdb {

/// The tenant has been in use, and a stored password of it is missing.
bool misses_passwords_in_use(const Desired&, const Observed&);

/// Of the logins without a stored password: what a Secret of this very resource holds and the server
/// accepts. What keeps the server from telling throws.
TenantPasswords
recover_passwords(const Desired&, const Observed&, Cluster&, TenantDatabase&, const CallContext&);

}  // namespace djdb
