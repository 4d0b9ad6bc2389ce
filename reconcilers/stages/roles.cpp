// roles.cpp -- owner, two app logins and a migration login exist, bear our mark, and have the stored passwords.
//   claim Mine, roles Complete, passwords stored -> Satisfied
//   anything else (claim, roles or passwords new) -> Act(CreateRoles): one transaction, safe to repeat
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_roles(const Desired& desired, const Observed& observed) {
    const auto& tenant = *observed.tenant;
    if (tenant.claim == ClaimState::Mine && tenant.roles == RolesState::Complete &&
        observed.credentials) {
        return Satisfied{
            {Reason::Succeeded,
             "Owner " + desired.names.owner.str() + " and the logins " +
                 desired.names.login_a.str() + ", " + desired.names.login_b.str() + ", " +
                 desired.names.migrate.str() + " exist."}};
    }
    return Act{
        {Reason::Progressing, "Creating the roles of " + desired.names.database.str() + "."},
        {CreateRoles{}},
        true};
}

}  // namespace djdb
