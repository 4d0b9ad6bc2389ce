// claim.cpp -- a database belongs to the resource that the server's ledger names, and to no other.
//   claim      database, roles        verdict
//   OfAnother  any                    Blocked(OwnershipConflict)
//   any        Foreign database       Blocked(AdoptionNotGranted)
//   any        Foreign role           Blocked(RoleConflict)
//   Unclaimed | RetainedForMe         Act: the roles' transaction writes the claim first
//   Mine                              Satisfied
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_claim(const Desired& desired, const Observed& observed) {
    const auto& tenant = *observed.tenant;
    const auto database = "Database \"" + desired.names.database.str() + "\"";
    if (tenant.claim == ClaimState::OfAnother) {
        return Blocked{
            {Reason::OwnershipConflict,
             database + " is claimed by " + tenant.claim_holder +
                 ". Nothing was changed; delete this resource and create it with another "
                 "spec.database.name."}};
    }
    if (tenant.database == DatabaseState::Foreign) {
        return Blocked{
            {Reason::AdoptionNotGranted,
             database +
                 " exists on the server and was not made by this operator. Nothing was changed; "
                 "delete this resource and create it with another spec.database.name."}};
    }
    if (tenant.roles == RolesState::Foreign) {
        return Blocked{
            {Reason::RoleConflict,
             "A role named " + desired.names.owner.str() + ", " + desired.names.login_a.str() +
                 ", " + desired.names.login_b.str() + " or " + desired.names.migrate.str() +
                 " exists and was not made by this operator. Nothing was changed; drop the role, "
                 "or "
                 "delete this resource and create it with another spec.database.name."}};
    }
    if (tenant.claim == ClaimState::Mine) {
        return Satisfied{
            {Reason::Succeeded,
             database + " is claimed for this resource in the server's ledger."}};
    }
    return Act{
        {Reason::Progressing, "Claiming database \"" + desired.names.database.str() + "\"."},
        {},
        true};
}

}  // namespace djdb
