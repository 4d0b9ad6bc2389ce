// The clock and the source of passwords, as ports: a run reads neither by itself.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/sensitive.hpp"

namespace djdb {

class Clock {
  public:
    virtual ~Clock() = default;
    /// By the clock that writes the times of resources and Jobs, so that they can be compared.
    [[nodiscard]] virtual TimePoint now() const = 0;
};

class PasswordSource {
  public:
    virtual ~PasswordSource() = default;
    /// 44 characters of [A-Za-z0-9] from the kernel's generator: needs no escaping in a URL.
    virtual Sensitive make() = 0;
};

}  // namespace djdb
