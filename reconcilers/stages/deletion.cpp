// deletion.cpp -- Retain: the logins are shut, the database, its owner and the claim stay.
//   finalizer gone                                   -> Satisfied
//   server object gone, names unusable, or orphaned  -> Act(RemoveCredentials, RemoveFinalizer): nothing to reach
//   server unreachable                               -> Wait, says how to let go
//   else                                             -> Act(RetireTenant, RemoveCredentials, RemoveFinalizer)
#include "crds/api.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {

Verdict assess_deletion(const Desired& desired, const Observed& observed) {
    const auto& meta = desired.object.meta;
    if (std::ranges::find(meta.finalizers, api::kFinalizer) == meta.finalizers.end()) {
        return Satisfied{{Reason::Succeeded, "The logins are shut; the database is kept."}};
    }
    const auto orphan = meta.annotations.find(std::string(api::kOrphanAnnotation));
    const bool let_go = orphan != meta.annotations.end() && orphan->second == "true";
    if (let_go || desired.name_error || observed.server == ServerReference::NotFound ||
        observed.server == ServerReference::NamespaceNotAllowed) {
        return Act{
            {Reason::Deleting, "Letting go of the resource without touching any server."},
            {RemoveCredentials{}, RemoveFinalizer{}}};
    }
    if (!observed.access || observed.server_failure) {
        return Wait{
            {Reason::Deleting,
             "The server can't be reached, so the logins can't be shut yet. To let go all the "
             "same: kubectl "
             "annotate djdb " +
                 meta.key.name.str() + " djangodb.io/orphan=true"},
            observed.now + std::chrono::seconds{5}};
    }
    return Act{
        {Reason::Deleting, "Shutting the logins; the database is kept."},
        {RetireTenant{}, RemoveCredentials{}, RemoveFinalizer{}}};
}

}  // namespace djdb
