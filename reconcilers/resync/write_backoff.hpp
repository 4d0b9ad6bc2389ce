// A write that the cluster's rules refuse (quota, Pod Security, an admission policy) is asked for once
// in five minutes, however often the resource is reconciled meanwhile (F18). Pure.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/failure.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace djdb {

struct Desired;
struct Observed;
struct Report;

struct WriteBackoff {
    std::string step;
    /// Of what was asked for: with another spec or Pod template it is another input.
    std::string input;
    Failure failure;
    TimePoint until{};
};

/// The content is refused, not the right to write it: a person has to change one of the two.
bool is_refused_write(const Failure& failure);

std::string input_fingerprint(const Desired& desired, const Observed& observed);

/// The backoff, while it is too early to ask the same again.
std::optional<WriteBackoff> still_in_force(
    const std::optional<WriteBackoff>& last, const std::string& input, TimePoint now
);

/// What a run makes of it: a new backoff, or the one that held.
std::optional<WriteBackoff> backoff_after(
    const std::optional<WriteBackoff>& holding,
    const Report& report,
    const std::string& input,
    TimePoint now
);

}  // namespace djdb
