// finalizer.cpp -- the resource can't vanish before its roles are shut (S16).
//   finalizer absent -> Act(AddFinalizer)      present -> Satisfied
#include "crds/api.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>

namespace djdb {

Verdict assess_finalizer(const Desired& desired, const Observed&) {
    if (std::ranges::find(desired.object.meta.finalizers, api::kFinalizer) !=
        desired.object.meta.finalizers.end()) {
        return Satisfied{
            {Reason::Succeeded,
             "Deleting this resource first closes its logins; the database is kept."}};
    }
    return Act{{Reason::Progressing, "Adding the finalizer."}, {AddFinalizer{}}, true};
}

}  // namespace djdb
