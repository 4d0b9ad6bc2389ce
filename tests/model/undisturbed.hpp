// What users' deeds come to when nothing goes wrong: no faults, no lag, one operator, nobody else's
// hand, every migration passes, and each deed comes once all is at rest. So it depends on what they did
// and on their order alone, and histories of the same deeds share it.
#pragma once

#include "tests/model/world/comparison.hpp"
#include "tests/model/world/story.hpp"

#include <map>
#include <vector>

namespace djdb::model {

/// Of one thread.
class Undisturbed {
  public:
    /// @param deeds as they were done; those that are no part of users' plan are left out
    const Ending& of(const std::vector<Deed>& deeds);

  private:
    std::map<std::vector<Deed>, Ending> known_;
};

}  // namespace djdb::model
