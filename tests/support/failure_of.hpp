#pragma once

#include "reconcilers/ports/failure.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace djdb {

/// So that a failed test names it.
inline void PrintTo(Reason reason, std::ostream* output) {
    *output << to_string(reason);
}

/// Runs the call and returns the failure it throws; fails the test when it throws none.
template <class Call>
Failure failure_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.failure();
    }
    ADD_FAILURE() << "no Error was thrown";
    return {};
}

}  // namespace djdb
