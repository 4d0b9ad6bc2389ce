// Which reason is shown for which fact: rows of the truth tables on top of the stage files, one
// sentence each.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <functional>
#include <span>

namespace djdb {

struct ReasonShown {
    const char* sentence;
    std::function<void(Desired&, Observed&)> change;
    ConditionType condition;
    ConditionStatus status;
    Reason reason;
};

/// Changes a settled world as the row says and expects the condition to show the reason.
void check(std::span<const ReasonShown> rows);

}  // namespace djdb
