// A write that the cluster's rules refuse (quota, Pod Security, an admission policy) is asked for once
// in five minutes, however often the resource is reconciled meanwhile. Pure.
#pragma once

#include "reconcilers/run.hpp"

#include <map>
#include <string>

namespace djdb {

struct Desired;
struct Observed;

struct WriteBackoff {
    /// Of what was asked for: with another spec or Pod template it is another write.
    std::string input;
    Failure failure;
    TimePoint until{};
};
using WriteBackoffs = std::map<StepId, WriteBackoff>;

std::string input_fingerprint(const Desired& desired, const Observed& observed);

/// Those of this input for which it is too early to ask again.
WriteBackoffs still_in_force(const WriteBackoffs& last, const std::string& input, TimePoint now);

/// What a run makes of it: those that were in force, and what was refused now.
WriteBackoffs backoffs_after(
    WriteBackoffs in_force, const Outcomes& outcomes, const std::string& input, TimePoint now
);

}  // namespace djdb
