// What status says of the labelled Deployments and of the release. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

namespace djdb {

/// Fills status.workloads and status.release.
/// @param is_released all that the release waits for holds
void add_release(
    const Desired& desired, const Observed& observed, bool is_released, DjangoDatabaseStatus& status
);

}  // namespace djdb
