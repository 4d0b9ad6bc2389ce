// Does what was decided, in order, and stops at the first refusal. The only writer.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/step.hpp"

#include <optional>
#include <span>
#include <string>

namespace djdb {

struct Report {
    std::size_t done = 0;
    /// Of the step at index `done`.
    std::optional<Failure> failure;
    std::string failed_step;
    /// Of a step that may not be tried again before.
    std::optional<TimePoint> not_before;
};

/// Never throws Error: a refusal is the report's last line. Each step is idempotent, so the next
/// run repeats it safely.
Report execute(
    std::span<const Step> steps,
    const Desired& desired,
    const Observed& observed,
    Cluster& cluster,
    Database& database,
    PasswordSource& passwords,
    const CallContext& call
);

}  // namespace djdb
