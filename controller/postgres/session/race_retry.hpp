// Repeats work that lost a race between two writers of one catalog row. Any thread.
#pragma once

#include "reconcilers/ports/call_context.hpp"

#include <functional>

namespace djdb::postgres {

/// Runs work up to five times while it throws an Error whose SQLSTATE is_race, with growing,
/// scattered pauses; then, or when the deadline passed or a stop is requested, lets the Error
/// through.
void repeat_races(const CallContext&, const std::function<void()>& work);

}  // namespace djdb::postgres
