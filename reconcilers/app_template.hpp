// What of a labelled Deployment's Pod template is the app: its container, and what of it makes a release. Pure.
//
// the app container is the one that is named   | by
// ---------------------------------------------|--------------------------------------------------------
// first, whether there is one of that name     | the Deployment's annotation djangodb.io/container
// or not                                       | spec.app.container
// then, if there is one of that name           | the Pod template's kubectl.kubernetes.io/default-container
// else it is the first                         |
//
// part of a release: the app container's image, command, args, working directory, env, envFrom and mounts,
//                    and the volumes that it mounts; the same of the init containers of spec.app.keepContainers
// not part of it:    labels, annotations, resources, probes, scheduling, replicas, other containers
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/ports/cluster.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb {

/// @return a name that the template may not have; empty when it has no container at all
std::string app_container(const Workload&, const AppSpec&);

/// None: there is no container of that name.
std::optional<ImageRef> app_image(const Workload&, const AppSpec&);

/// New Pods may get another build under the name that passed.
bool may_be_pushed_anew(const Workload&, const AppSpec&);

/// Names what the app is started with: two templates that differ in nothing that is part of a release have the same.
/// Empty: there is no such container.
std::string app_template_hash(const Workload&, const AppSpec&);

/// Names what the app's code runs with, whichever command starts it. Empty: there is no such container.
std::string app_environment_hash(const Workload&, const AppSpec&);

/// It names the Secret that the operator publishes for the app, wherever it does.
bool reads_own_secret(const StartedContainer&, const Desired&);

/// Its app container names the Secret that the operator publishes for the app, wherever it does.
bool names_own_secret(const Workload&, const Desired&);

/// What it names beside that: ConfigMaps and Secrets that others write, in order. Those that the operator publishes for
/// this resource are left out.
std::vector<Published> configs_of(const Workload&, const Desired&);

}  // namespace djdb
