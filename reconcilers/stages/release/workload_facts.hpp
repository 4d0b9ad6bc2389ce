// Facts about a release that several stages share, worked out from the labelled Deployments. Pure.
#pragma once

#include "reconcilers/app_template.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <optional>
#include <string>

namespace djdb {

/// The image of the release, with its digest if any labelled Deployment names it; none when they ask for different
/// builds, lack the container, or there is none.
std::optional<ImageRef> common_image(const Desired& desired, const Observed& observed);

/// Names a Deployment's Pod template: another template, or another Deployment of that name, has
/// another.
std::string template_hash(const Workload& workload);

/// By what its controller says of its Pods, and by the status whether this template rolled out
/// before: scaling what is released is no release.
///   Pods     | released before | not
///   ---------|-----------------|----
///   Complete | yes             | yes
///   Terminating | yes             | no: of the old template, they may still write
///   Progressing | yes             | no
///   Unseen   | yes             | no
///   Mixed    | no              | no
/// Held by anybody: no.
bool is_rolled_out(const Desired& desired, const Workload& workload);

/// The workload as it was with this template.
Workload former_of(const Workload&, const RolledTemplate&);

/// Held by the admission policy and by nobody else.
bool is_held(const Workload& workload);
bool is_paused_by_user(const Workload& workload);

}  // namespace djdb
