// secret.cpp -- the app's Secret is published once a login with it has been proven.
//   Foreign            -> Blocked(SecretConflict)
//   UpToDate           -> Satisfied
//   Absent | OutOfDate -> Act(ProveLogins, PublishSecret)
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_secret(const Desired& desired, const Observed& observed) {
    const auto name = "Secret \"" + desired.secret_name.str() + "\"";
    switch (observed.secret) {
        case SecretState::UpToDate:
            return Satisfied{
                {Reason::Succeeded, name + " is published; a login with it was proven."}};
        case SecretState::Foreign:
            return Blocked{
                {Reason::SecretConflict,
                 name + " exists and was not made for this resource. It was left as it is; choose "
                        "another "
                        "spec.credentials.secretName or delete it."}};
        case SecretState::Absent:
        case SecretState::OutOfDate:
            break;
    }
    return Act{
        {Reason::Progressing, "Proving the logins and publishing " + name + "."},
        {ProveLogins{}, PublishSecret{}},
        false};
}

}  // namespace djdb
