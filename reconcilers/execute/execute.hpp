// Does what was decided, lane by lane, each in order; a step that fails ends its lane and no other. The
// only writer.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/resync/write_backoff.hpp"
#include "reconcilers/run.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {

/// Never throws Error: a failure is in the outcome of its step. Each step is idempotent, so the next
/// run repeats it safely. Lanes of mode Observe are left alone.
/// @param backoffs writes that are not asked for again yet: they fail as they did
Outcomes execute(
    const Assessment& assessment,
    const WriteBackoffs& backoffs,
    const Desired& desired,
    const Observed& observed,
    Cluster& cluster,
    Database& database,
    PasswordSource& passwords,
    const CallContext& call
);

}  // namespace djdb
