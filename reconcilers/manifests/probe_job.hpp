// The Job of the pre-flight: the new Pod template's app container as it is, with the app's own login. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json_fwd.hpp>

namespace djdb {

nlohmann::json render_probe_job(
    const Desired& desired, const StartProbe& start, const ServerAccess& access
);

}  // namespace djdb
