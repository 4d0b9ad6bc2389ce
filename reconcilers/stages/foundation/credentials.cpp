// credentials.cpp -- passwords are stored before any role has them, so none is ever lost.
//   stored copy absent -> Act(StoreCredentials, and the roles get the new ones)      present -> Satisfied
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_credentials(const Desired&, const Observed& observed) {
    if (observed.credentials) {
        return Satisfied{
            {Reason::Succeeded, "The logins' passwords are kept in the operator's namespace."}};
    }
    return act_and_continue(
        {Reason::Progressing, "Making the logins' passwords."}, {StoreCredentials{}}
    );
}

}  // namespace djdb
