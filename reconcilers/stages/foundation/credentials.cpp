// credentials.cpp -- passwords are stored before any role has them, so none is ever lost.
//   all stored                        -> Satisfied
//   the stored copy is gone, in use:
//     what the apps read is accepted  -> Act(StoreCredentials): it is taken over
//     else                            -> Blocked(CredentialsLost): running Pods may have the old ones
//   else                              -> Act(StoreCredentials, and the roles get the new ones)
#include "reconcilers/execute/stored_passwords.hpp"
#include "reconcilers/observe/recovery.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {
namespace {

/// Those that apps log in with. Whoever made a stored copy anew, an empty one, wants new passwords; the
/// migration login's has no other reader than our Jobs.
std::vector<LoginId> find_lost(const Desired& desired, const Observed& observed) {
    if (!observed.secrets.stored_version.empty() || !misses_passwords_in_use(desired, observed)) {
        return {};
    }
    auto lost = missing_passwords(desired, observed.secrets.stored);
    std::erase_if(lost, [&](const LoginId& login) {
        return login == LoginId::migrate() || observed.secrets.recovered.contains(login);
    });
    return lost;
}

Blocked explain_lost(const Desired& desired, const LoginId& login) {
    const auto& stored = desired.credentials_name.str();
    return {
        {Reason::CredentialsLost,
         "Secret \"" + stored +
             "\" of the operator's namespace, which keeps this database's "
             "passwords, is gone, and no Secret of this resource holds one of " +
             desired.names.role(login).str() +
             " that the server accepts. No password was changed, since Pods that run may use it. "
             "Restore the Secret; or, to give the logins new passwords and restart the apps then, "
             "run in that namespace: kubectl create secret generic " +
             stored}};
}

}  // namespace

Verdict assess_credentials(const Desired& desired, const Observed& observed) {
    if (observed.secrets.passwords) {
        return Satisfied{
            {Reason::Succeeded, "The logins' passwords are kept in the operator's namespace."}};
    }
    if (const auto lost = find_lost(desired, observed); !lost.empty()) {
        return explain_lost(desired, lost.front());
    }
    return act_and_continue(
        {Reason::Progressing, "Making the logins' passwords."}, {StoreCredentials{}}
    );
}

}  // namespace djdb
