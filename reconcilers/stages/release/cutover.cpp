// cutover.cpp -- an empty database never goes live in the place of a filled one.
//   something has passed on this database              -> nothing: it is the app's
//   spec.cutover.startEmpty names it                   -> nothing: somebody said so
//   django_migrations holds something                  -> nothing: its data was loaded, or the database adopted
//   a template that does not name the app's Secret has
//     rolled in a labelled Deployment                  -> Blocked(CutoverUnconfirmed): its data is elsewhere
//   what has rolled can't be read                      -> Blocked(RightsMissing | ApiError)
//   else                                               -> nothing: Pods that name the Secret can't have started before
//                                                         the operator published it
#include "reconcilers/stages/release/cutover.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace djdb {
namespace {

/// The one that has most Pods; nullptr: each names the Secret.
const RolledTemplate* find_elsewhere(
    const Desired& desired, const Workload& workload, const std::vector<RolledTemplate>& rolled
) {
    const RolledTemplate* found = nullptr;
    for (const auto& one : rolled) {
        if (one.owner == workload.meta.uid &&
            (found == nullptr || found->replicas < one.replicas) &&
            !names_own_secret(former_of(workload, one), desired)) {
            found = &one;
        }
    }
    return found;
}

Blocked ask(const Desired& desired, const Workload& workload, const RolledTemplate& elsewhere) {
    const auto former = former_of(workload, elsewhere);
    const auto image = app_image(former, desired.object.spec.app);
    const auto& database = desired.names.database.str();
    return Blocked{
        {Reason::CutoverUnconfirmed,
         "Deployment \"" + workload.meta.key.name.str() + "\" ran " +
             (image ? image->str() : "another app") + " before without Secret \"" +
             desired.secret_name.str() + "\" (ReplicaSet \"" + elsewhere.name + "\", " +
             std::to_string(elsewhere.replicas) + " Pods), and database \"" + database +
             "\" holds no migrations: what that app has stored is elsewhere, and was not counted. "
             "Nothing was migrated, new Pods are held and the old ones serve. Load its data into "
             "\"" +
             database + "\", or set spec.cutover.startEmpty: " + database +
             " to begin without it."}};
}

}  // namespace

bool may_be_cutover(const Desired& desired, const Observed& observed) {
    const bool is_meant = desired.object.spec.cutover.start_empty == desired.names.database.str();
    const auto& applied = observed.release.applied;
    return !observed.release.workloads.empty() && !is_meant && has_nothing_passed(observed) &&
           (!applied || applied->names.empty());
}

std::optional<Blocked> judge_cutover(const Desired& desired, const Observed& observed) {
    if (!may_be_cutover(desired, observed)) {
        return std::nullopt;
    }
    if (const auto& failure = observed.release.rolled_failure) {
        return Blocked{
            {failure->kind == FailureClass::Forbidden ? Reason::RightsMissing : Reason::ApiError,
             "What ran before in this namespace is not known: " + failure->message +
                 ". Nothing was migrated, and no first release rolls before it is."}};
    }
    for (const auto& workload : observed.release.workloads) {
        if (const auto* elsewhere = find_elsewhere(desired, workload, observed.release.rolled)) {
            return ask(desired, workload, *elsewhere);
        }
    }
    return std::nullopt;
}

}  // namespace djdb
