// Facts about a release that several stages share, worked out from the labelled Deployments. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb {

/// The app container's image in a Pod template; none if there is no such container.
std::optional<ImageRef> app_image(const Workload& workload, const AppSpec& app);

/// The image that every labelled Deployment asks for; none when they differ, lack the container, or
/// there is none.
std::optional<ImageRef> common_image(const Desired& desired, const Observed& observed);

/// The Deployment whose Pod template migrates: first by label djangodb.io/order, then by name.
const Workload* migration_source(const Observed& observed);

/// Hash of resource, image and template: a changed template is a new attempt.
Revision revision_of(const Desired& desired, const Workload& source, const ImageRef& image);

/// The last attempt to migrate for this revision; nullptr if there is none.
const JobRun* latest_migration(const std::vector<JobRun>& jobs, const Revision& revision);

bool has_passed(const Observed& observed, const ImageRef& image);

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

/// Held by the admission policy and by nobody else.
bool is_held(const Workload& workload);
bool is_paused_by_user(const Workload& workload);

}  // namespace djdb
