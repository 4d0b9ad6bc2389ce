// The small real things behind ports: wall clock, kernel randomness.
#pragma once

#include "reconcilers/ports/clock.hpp"
#include "reconcilers/ports/cluster.hpp"

#include <chrono>
#include <string>

namespace djdb {

class SystemClock final : public Clock {
  public:
    [[nodiscard]] TimePoint now() const override;
};

class KernelPasswordSource final : public PasswordSource {
  public:
    /// @throws Error Terminal when the kernel gives no randomness
    Sensitive make() override;
};

/// Eight hexadecimal digits, new for each run.
std::string make_reconcile_id();

}  // namespace djdb
