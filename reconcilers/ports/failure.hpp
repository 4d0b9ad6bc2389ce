// How the world says no. Adapters throw Error; it is caught in two places only: execute (a line of
// the report) and the worker (backoff). Expected outcomes, such as a failed Job, are values and
// never an Error.
#pragma once

#include "crds/conditions/conditions.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace djdb {

enum class FailureClass {
    Transient,  ///< try again: unreachable, busy, timed out; the outcome may be unknown
    Conflict,   ///< somebody else changed or owns it: look again, then decide anew
    Forbidden,  ///< rights are missing: a person has to grant them
    Invalid,    ///< the other side refuses the content: the input has to change
    Terminal,   ///< can't be repaired by waiting
};

enum class FailureOrigin { Kubernetes, Postgres, Operator };

struct Failure {
    FailureClass kind = FailureClass::Transient;
    FailureOrigin origin = FailureOrigin::Operator;
    /// SQLSTATE, or HTTP status and reason ("409 AlreadyExists"), or a phase ("Connect",
    /// "Timeout"); empty when a check of our own found it.
    std::string code = {};
    /// One line, safe to show: no secret, no row data.
    std::string message = {};
    /// What a condition says of it, where the one who failed knows.
    std::optional<Reason> reason = {};
};

class Error : public std::runtime_error {
  public:
    explicit Error(Failure failure)
        : std::runtime_error(failure.message), failure_(std::move(failure)) {}
    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }

  private:
    Failure failure_;
};

}  // namespace djdb
