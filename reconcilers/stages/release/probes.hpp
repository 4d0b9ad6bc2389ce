// Which probe speaks for which Pod template, and how one is started. One speaks for all with the same environment,
// whichever command they start. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/step.hpp"

#include <string>
#include <vector>

namespace djdb {

/// Names what a probe of this workload runs the app's code with: proof_name(), and what the spec adds. It stands on the
/// Job; another spec takes another probe.
std::string probe_name(const Desired&, const Observed&, const Workload&);

/// Names an attempt to try this template out.
Revision probe_revision(const Desired&, const Observed&, const Workload& source);

/// Of each environment that is to be proven the first workload, by label djangodb.io/order, then by name.
std::vector<const Workload*> environments_to_prove(const Desired&, const Observed&);

/// The last one that said ok in the environment of this workload; nullptr: none.
const JobRun* find_passed_probe(const Desired&, const Observed&, const Workload&);

/// The last attempt to try out this very template; nullptr: none.
const JobRun* latest_probe(const Desired&, const Observed&, const Workload& source);

/// Its release is over, or somebody deletes it: what is to be proven since then takes another one.
bool is_of_the_past(const JobRun& probe);

/// @param last the attempt before it; nullptr: it is the first. Of those before that one none is left.
std::vector<Step> start_probe(
    const Desired&, const Observed&, const Workload& source, const JobRun* last
);

/// In a sentence.
std::string template_of(const Workload&);

}  // namespace djdb
