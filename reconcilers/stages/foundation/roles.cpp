// roles.cpp -- owner, groups and logins exist, have our comment, and have the stored passwords.
//   claim Mine, roles Complete, passwords stored -> Satisfied
//   .., but the server refuses a stored password -> Act(CreateRoles), which sets them again
//   anything else (claim, roles or passwords new) -> Act(CreateRoles): one transaction, safe to repeat
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_roles(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    if (tenant.claim == ClaimState::Mine && tenant.roles == RolesState::Complete &&
        observed.secrets.passwords && observed.inspection.rejected_logins.empty()) {
        return Satisfied{
            {Reason::Succeeded,
             "Owner " + desired.names.owner.str() + " and the logins " +
                 desired.names.login_a.str() + ", " + desired.names.login_b.str() + ", " +
                 desired.names.migrate.str() + " exist."}};
    }
    if (tenant.roles == RolesState::Complete && tenant.claim == ClaimState::Mine &&
        observed.secrets.passwords) {
        return act_and_continue(
            {Reason::Progressing,
             "Setting the password of " + observed.inspection.rejected_logins.front().str() +
                 " again, which somebody changed."},
            {CreateRoles{}}
        );
    }
    return act_and_continue(
        {Reason::Progressing, "Creating the roles of " + desired.names.database.str() + "."},
        {CreateRoles{}}
    );
}

}  // namespace djdb
