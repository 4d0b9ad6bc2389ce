// Which probe speaks for which Pod template. One speaks for all with the same environment, whichever command they start
// (proof_name() in proof.hpp). Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <string>
#include <vector>

namespace djdb {

/// Of each environment that is to be proven the first workload, by label djangodb.io/order, then by name.
std::vector<const Workload*> environments_to_prove(const Desired&, const Observed&);

/// The last one that said ok in the environment of this workload; nullptr: none.
const JobRun* find_passed_probe(const Desired&, const Observed&, const Workload&);

/// The last attempt to try out this very template; nullptr: none.
const JobRun* latest_probe(const Desired&, const Observed&, const Workload& source);

/// Its release is over, or somebody deletes it: what is to be proven since then takes another one.
bool is_of_the_past(const JobRun& probe);

}  // namespace djdb
