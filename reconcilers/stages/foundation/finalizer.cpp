// finalizer.cpp -- the resource can't vanish before its roles are disabled.
//   finalizer absent -> Act(AddFinalizer)      present -> Satisfied
#include "crds/api.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {

Verdict assess_finalizer(const Desired& desired, const Observed&) {
    if (std::ranges::find(desired.object.meta.finalizers, api::kFinalizer) !=
        desired.object.meta.finalizers.end()) {
        const auto& deletion = desired.object.spec.deletion;
        return Satisfied{
            {Reason::Succeeded,
             deletion.policy == DeletionPolicy::Delete && !deletion.is_protected
                 ? "Deleting this resource drops its database, if the server's "
                   "deletion.allowDrop is true; else it drops the logins."
                 : "Deleting this resource drops its logins; the database is kept."}};
    }
    return act_and_continue({Reason::Progressing, "Adding the finalizer."}, {AddFinalizer{}});
}

}  // namespace djdb
