#include "reconcilers/stages/release/rollout_warnings.hpp"

#include "reconcilers/app_template.hpp"

#include <algorithm>
#include <functional>

namespace djdb {
namespace {

std::string of_first(
    const Observed& observed,
    const std::function<bool(const Workload&)>& is_meant,
    const std::function<std::string(const Workload&)>& warning
) {
    const auto found = std::ranges::find_if(observed.release.workloads, is_meant);
    return found == observed.release.workloads.end()
               ? std::string()
               : " Deployment \"" + found->meta.key.name.str() + "\" " + warning(*found);
}

bool serves_unasked(const Workload& workload, const AppSpec& app) {
    const auto* container = workload.pod_template.find(app_container(workload, app));
    return container != nullptr && container->serves_unasked;
}

}  // namespace

std::string rollout_warnings(const Desired& desired, const Observed& observed) {
    const auto& app = desired.object.spec.app;
    return of_first(
               observed,
               [&](const Workload& one) { return may_be_pushed_anew(one, app); },
               [&](const Workload& one) {
                   return "asks for " + app_image(one, app).value_or(ImageRef("")).str() +
                          " without a digest: pushed anew, that tag would bring other code into "
                          "new Pods than what passed. Name the digest, or give each build its own "
                          "tag and leave imagePullPolicy at IfNotPresent.";
               }
           ) +
           of_first(
               observed,
               &Workload::is_recreated,
               [](const Workload&) {
                   return "has strategy Recreate: nothing serves from the moment at which it rolls "
                          "until its new Pods are ready.";
               }
           ) +
           of_first(
               observed,
               [&](const Workload& one) { return serves_unasked(one, app); },
               [](const Workload&) {
                   return "has ports and no readinessProbe: new Pods get requests before they can "
                          "answer, and old ones end before that.";
               }
           ) +
           of_first(observed, &Workload::keeps_no_history, [](const Workload&) {
               return "has revisionHistoryLimit 0: no ReplicaSet keeps the template to go back "
                      "to.";
           });
}

}  // namespace djdb
