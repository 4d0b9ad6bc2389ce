// Which Job proves what rolled out, and what is still to be proven. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace djdb {

/// Those whose template passed and was not proven since, by label djangodb.io/order, then by name.
std::vector<const Workload*> to_be_verified(const Desired&, const Observed&);

/// Names what is to be proven, and how; empty: nothing is. It stands on the Job: another spec takes another one.
std::string verify_name(const Desired&, const Observed&);

/// The last attempt to prove it; nullptr: there is none.
const JobRun* latest_verify_job(const Desired&, const Observed&);

/// For so long a restart of a new Pod is told, unless the soak takes longer.
inline constexpr std::chrono::minutes kRestartCounts{10};
/// The Pod whose container ended last, unless that was long ago; nullptr: none, nobody asks for it, or could look.
const AppPod* find_restarted(const Desired&, const Observed&);

}  // namespace djdb
