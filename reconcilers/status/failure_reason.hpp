// What a failure of the world means to people. Pure.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/run.hpp"

#include <chrono>

namespace djdb {

/// SQLSTATE, connection phase or HTTP status -> the reason that is shown.
Reason reason_of(const Failure& failure);

/// Waiting repairs nothing: a right or a login is missing, or the content is refused.
bool needs_a_person(const Failure& failure);

/// The content is refused, not the right to write it: a person has to change one of the two.
bool is_refused_write(const Failure& failure);

/// Somebody changed the object between our look and our write: the next look judges anew, and
/// nobody has to be told.
bool is_overtaken(const Failure& failure);

/// Whether Ready is unknown by now: what passes by itself is tried again for a minute first;
/// anything else needs a person, who is told immediately.
bool makes_unknown(const Failure& failure, std::chrono::seconds since);

}  // namespace djdb
