// What a release is, as its record names it: the set of labelled templates. Pure.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <optional>

namespace djdb {

/// With the versions of ConfigMaps and Secrets at the moment of the pass: what changes alone under Pods that run is no
/// release. None: nothing is labelled, or the app's container is missing.
std::optional<DjangoReleaseSpec> released_now(const Desired&, const Observed&);

}  // namespace djdb
