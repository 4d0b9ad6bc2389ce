// deletion.cpp -- what becomes of the database with its resource. Only the ledger and UIDs decide.
//   finalizer gone                             -> Satisfied
//   its spec can't be read                     -> Blocked(Undecodable): it may ask for Retain or Delete
//   orphaned by annotation, names unusable, or
//     server object gone                       -> orphan: nothing is reached, an Event says what is left
//   server unreachable, Delete                 -> Wait, says how to orphan it
//   server unreachable, Retain                 -> Wait for 20 s, then orphan, with a warning
//   claim of another, or none                  -> Act(RetireTenant, ..): nothing on the server is this resource's,
//                                                 and the ledger takes no claim of it any more
//   claim Mine, Delete asked for, allowed, not protected, and the database is the claimed one or
//     gone                                     -> Act(DropTenant, ..)
//   claim Mine or RetainedForMe, anything else -> Act(RetireTenant, ..), an Event says why not Delete
//   mode Observe                               -> RemoveFinalizer alone: the server is left as it is
// Orphaning and the ends of both: RemoveCredentials, Announce, RemoveFinalizer.
#include "crds/api.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {
namespace {

using namespace std::chrono_literals;

/// With the time that a run takes to find the server unreachable, within 30 s.
constexpr auto kWaitForServer = 20s;

Act end(Finding finding, std::vector<Step> steps, std::optional<Announce> said) {
    steps.emplace_back(RemoveCredentials{});
    if (said) {
        steps.emplace_back(*std::move(said));
    }
    steps.emplace_back(RemoveFinalizer{});
    return {std::move(finding), std::move(steps)};
}

Act orphaned(const Desired& desired, const std::string& why, bool is_warning) {
    std::string left = "Orphaned because " + why + ".";
    if (!desired.name_error) {
        left += " If database \"" + desired.names.database.str() +
                "\" exists there, it is as it was, and its logins can still log in; to disable "
                "them, run";
        for (const auto& login :
             {desired.names.login_a, desired.names.login_b, desired.names.migrate}) {
            left += " ALTER ROLE \"" + login.str() + "\" NOLOGIN;";
        }
        left += " A resource of the same namespace and name takes them back.";
    }
    return end(
        {Reason::Deleting, "Orphaning the resource without touching any server."},
        {},
        Announce{is_warning, "DatabaseLeft", left}
    );
}

Verdict wait_or_orphan(const Desired& desired, const Observed& observed, bool wants_drop) {
    const auto& meta = desired.object.meta;
    const auto since = meta.deleted_at.value_or(observed.now);
    if (!wants_drop && observed.now - since >= kWaitForServer) {
        return orphaned(desired, "the server can't be reached", true);
    }
    return Wait{
        {Reason::Deleting,
         std::string("The server can't be reached, so the ") +
             (wants_drop ? "database can't be dropped" : "logins can't be disabled") + " yet." +
             how_to_orphan(desired)},
        wants_drop ? std::nullopt : std::optional(since + kWaitForServer)};
}

/// Why the database is kept although Delete was asked for; empty: it may be dropped.
std::string find_veto(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    if (desired.object.spec.deletion.is_protected) {
        return "spec.deletion.protected is true";
    }
    if (!observed.server.policy.allow_drop) {
        return "spec.deletion.allowDrop of PostgresServer \"" +
               desired.object.spec.server_ref.name + "\" is not true";
    }
    if (tenant.claim != ClaimState::Mine) {
        return "the ledger's claim of it is not active";
    }
    switch (tenant.database) {
        case DatabaseState::Replaced:
            return "the database of that name is not the one that this resource had";
        case DatabaseState::Renamed:
            return "it is named \"" + tenant.database_name + "\" now";
        case DatabaseState::Reowned:
            return "it belongs to \"" + tenant.database_owner + "\" now";
        case DatabaseState::Adopting:
            return "it was not taken over from its former owner yet";
        case DatabaseState::Foreign:
            return "it was not made for this resource";
        case DatabaseState::Absent:
        case DatabaseState::Closed:
        case DatabaseState::Open:
        case DatabaseState::Lost:
        case DatabaseState::HalfDropped:
            break;
    }
    return {};
}

bool asks_drop(const Desired& desired) {
    return desired.object.spec.deletion.policy == DeletionPolicy::Delete;
}

/// What a server allows that can't be read is not known: then it is waited for.
bool may_have_to_drop(const Desired& desired, const Observed& observed) {
    const bool may_be_allowed = observed.server.policy.allow_drop ||
                                observed.server.reference == ServerReference::Undecodable;
    return asks_drop(desired) && may_be_allowed && !desired.object.spec.deletion.is_protected;
}

}  // namespace

std::string how_to_orphan(const Desired& desired) {
    return " To orphan it all the same: kubectl annotate djdb " +
           desired.object.meta.key.name.str() + " " + std::string(api::kOrphanAnnotation) + "=true";
}

Verdict assess_deletion(const Desired& desired, const Observed& observed) {
    const auto& meta = desired.object.meta;
    if (std::ranges::find(meta.finalizers, api::kFinalizer) == meta.finalizers.end()) {
        return Satisfied{{Reason::Succeeded, "Nothing is left to be done for this resource."}};
    }
    const auto orphan = meta.annotations.find(std::string(api::kOrphanAnnotation));
    if (orphan != meta.annotations.end() && orphan->second == "true") {
        return orphaned(desired, "djangodb.io/orphan=true was set", false);
    }
    if (!desired.object.undecodable.empty()) {
        return Blocked{
            {Reason::Undecodable, explain_undecodable(desired) + how_to_orphan(desired)}};
    }
    if (desired.name_error) {
        return orphaned(desired, "no server was ever asked for such a name", false);
    }
    if (observed.server.reference == ServerReference::NotFound) {
        return orphaned(
            desired,
            "PostgresServer \"" + desired.object.spec.server_ref.name + "\" does not exist",
            true
        );
    }
    if (!observed.tenant) {
        return wait_or_orphan(desired, observed, may_have_to_drop(desired, observed));
    }
    const auto claim = known(observed.tenant).claim;
    if (claim != ClaimState::Mine && claim != ClaimState::RetainedForMe) {
        // Another operator may be about to claim something: to retire what is not there forbids it.
        return end(
            {Reason::Deleting, "Nothing on the server is this resource's."},
            {RetireTenant{}},
            std::nullopt
        );
    }
    if (!asks_drop(desired)) {
        return end(
            {Reason::Deleting, "Dropping the logins; the database is kept."},
            {RetireTenant{}},
            std::nullopt
        );
    }
    if (const auto veto = find_veto(desired, observed); !veto.empty()) {
        return end(
            {Reason::Deleting, "Dropping the logins; the database is kept because " + veto + "."},
            {RetireTenant{}},
            Announce{
                true,
                "DatabaseKept",
                "Database \"" + desired.names.database.str() +
                    "\" is kept although spec.deletion.policy is Delete: " + veto + "."}
        );
    }
    return end(
        {Reason::Deleting, "Dropping database \"" + desired.names.database.str() + "\"."},
        {DropTenant{}},
        std::nullopt
    );
}

Verdict assess_deletion_of_observer(const Desired& desired, const Observed&) {
    const auto& finalizers = desired.object.meta.finalizers;
    if (std::ranges::find(finalizers, api::kFinalizer) == finalizers.end()) {
        return Satisfied{{Reason::Succeeded, "Nothing is left to be done for this resource."}};
    }
    return act_and_stop(
        {Reason::Deleting, "Mode Observe: nothing on the server is touched."}, {RemoveFinalizer{}}
    );
}

}  // namespace djdb
