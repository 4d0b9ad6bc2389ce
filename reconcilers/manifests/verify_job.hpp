// The Job that proves what rolled out: its app container as it is, with the app's own login. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json_fwd.hpp>

namespace djdb {

nlohmann::json render_verify_job(
    const Desired& desired, const StartVerify& start, const ServerAccess& access
);

}  // namespace djdb
