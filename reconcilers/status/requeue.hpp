// When a resource is reconciled again: pure functions of one run. For each lane:
//   somebody's change overtook a write     -> immediately
//   the cluster's rules refused a write    -> when it may be tried again
//   a step failed otherwise                -> with backoff
//   nothing is to be done, or nothing may  -> settled_interval
//   steps were done                        -> immediately: look afresh at what they did
//   a stage waits until a time             -> then
//   a stage waits, or is blocked           -> 15 s: the repair may be where no watch sees it
// The earliest of all lanes counts.
#pragma once

#include "reconcilers/run.hpp"
#include "reconcilers/workflow.hpp"

#include <chrono>
#include <cstddef>

namespace djdb {

/// @param settled how many tenants are settled
Requeue next_run(
    const Desired& desired,
    const Observed& observed,
    const Assessment& assessment,
    const Outcomes& outcomes,
    std::size_t settled
);

/// Nothing is to be done, or nothing may be: only a change needs another look.
bool is_settled(const Assessment& assessment);

/// Between 6 and 9 minutes, each resource its own, so that a restart's crowd disperses: with it its
/// logins are tried, so a password that somebody else changed is found within 10 minutes.
/// Longer when there are so many that more than four a second would be reconciled: from 1,800 on.
std::chrono::seconds settled_interval(const ResourceUid& uid, std::size_t settled);

}  // namespace djdb
