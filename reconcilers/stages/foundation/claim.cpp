// claim.cpp -- a database belongs to the resource that the server's ledger names, and to no other.
//   claim          database   roles      verdict
//   any            any        any        this very resource was deleted -> Blocked(ClaimLost): a cache that is late, or
//                                        a cluster that was restored from before
//   OfAnother      any        any        with grants.transfer -> Act(TransferClaim), looked at anew;
//                                        without, or taken from this very resource before
//                                        -> Blocked(OwnershipConflict)
//   Unclaimed      any        any        status has an OID, and no grants.adopt -> Blocked(ClaimLost)
//   any            any        Foreign    Blocked(RoleConflict)
//   any            Foreign    any        with grants.adopt -> Act(ClaimExisting: all is looked at first),
//                                        without -> Blocked(AdoptionNotGranted)
//   RetainedForMe  any        any        Act(Reattach: what is left of the predecessor's logins is disabled)
//   Unclaimed      Absent     any        Act: the roles' transaction writes the claim first
//   Mine           any        any        Satisfied
// The maintenance database is nobody's.
#include "reconcilers/workflow.hpp"

namespace djdb {
namespace {

Verdict assess_foreign_claim(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    const auto database = "Database \"" + desired.names.database.str() + "\"";
    if (tenant.lost_by_transfer) {
        return Blocked{
            {Reason::OwnershipConflict,
             database + " was given to " + tenant.claim_holder +
                 " by the server's spec.grants.transfer. Nothing was changed; to have it back, "
                 "create this resource anew and let the server's owner grant it."}};
    }
    if (find_transfer_grant(observed.server.policy, desired.names.database, desired.claimant.key) !=
        nullptr) {
        return act_and_stop(
            {Reason::Progressing, "Taking " + database + " over from " + tenant.claim_holder + "."},
            {TransferClaim{tenant.claim_holder}}
        );
    }
    return Blocked{
        {Reason::OwnershipConflict,
         database + " is claimed by " + tenant.claim_holder +
             ". Nothing was changed; delete this resource and create it with another "
             "spec.database.name, or let the server's owner list it in spec.grants.transfer."}};
}

Verdict assess_foreign_database(
    const Desired& desired, const Observed& observed, const AdoptGrant* grant
) {
    const auto database = "Database \"" + desired.names.database.str() + "\"";
    if (grant == nullptr) {
        return Blocked{
            {Reason::AdoptionNotGranted,
             database + " exists on the server, belongs to \"" +
                 known(observed.tenant).database_owner +
                 "\" and was not made by this operator. Nothing was changed; delete this resource "
                 "and create it with another spec.database.name, or let the server's owner list it "
                 "in spec.grants.adopt."}};
    }
    std::vector<RoleName> owners;
    owners.reserve(grant->owners.size());
    for (const auto& owner : grant->owners) {
        owners.emplace_back(owner);
    }
    return act_and_continue(
        {Reason::Progressing, "Taking over " + database + ", which exists."},
        {ClaimExisting{std::move(owners)}}
    );
}

}  // namespace

Verdict assess_claim(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    const auto database = "Database \"" + desired.names.database.str() + "\"";
    if (desired.names.database.str() == known(observed.server.access).maintenance_database) {
        return Blocked{
            {Reason::OwnershipConflict,
             database + " is the operator's own on this server. Nothing was changed; delete this "
                        "resource and create it with another spec.database.name."}};
    }
    if (tenant.was_deleted) {
        return Blocked{
            {Reason::ClaimLost,
             "The server's ledger has noted that this resource was deleted, and takes no claim "
             "of " +
                 database +
                 " for it any more: the cluster was restored from before the deletion, or the "
                 "resource is gone already. Nothing was made; create this resource anew."}};
    }
    if (tenant.claim == ClaimState::OfAnother) {
        return assess_foreign_claim(desired, observed);
    }
    const auto* grant =
        find_adopt_grant(observed.server.policy, desired.names.database, desired.claimant.key);
    const auto& known_oid = desired.object.status.database_oid;
    if (tenant.claim == ClaimState::Unclaimed && !known_oid.empty() &&
        (grant == nullptr || tenant.database != DatabaseState::Foreign)) {
        return Blocked{
            {Reason::ClaimLost,
             "The server's ledger knows no claim of database \"" + desired.names.database.str() +
                 "\", which this resource had (OID " + known_oid +
                 "): it is another server, or one of the past. Nothing was made; bring the server "
                 "or its ledger back, or let the server's owner list the database in "
                 "spec.grants.adopt, or create this resource anew to begin with an empty one."}};
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
    if (tenant.database == DatabaseState::Foreign) {
        return assess_foreign_database(desired, observed, grant);
    }
    if (tenant.claim == ClaimState::Mine) {
        return Satisfied{
            {Reason::Succeeded,
             database + " is claimed for this resource in the server's ledger."}};
    }
    auto act = act_and_continue(
        {Reason::Progressing, "Claiming database \"" + desired.names.database.str() + "\"."}, {}
    );
    if (tenant.claim == ClaimState::RetainedForMe) {
        act.steps.emplace_back(Reattach{});
    }
    return act;
}

}  // namespace djdb
