// The DjangoRelease that is the record of a release. Pure.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/desired.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace djdb {

nlohmann::json render_release_record(
    const Desired& desired, const std::string& name, const DjangoReleaseSpec& spec
);

}  // namespace djdb
