// What this process wrote last into the status of each resource, so that the watch can tell the echo of
// our own write from somebody else's. Any thread may call.
#pragma once

#include "crds/names.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <map>
#include <mutex>

namespace djdb::kube {

class WrittenStatuses {
  public:
    /// Before it is sent: the watch may be quicker than the answer.
    void note(const ResourceUid&, const nlohmann::json& status);
    /// @param object as the watch shows it
    [[nodiscard]] bool is_ours(const nlohmann::json& object);
    void forget(const ResourceUid&);

  private:
    std::mutex mutex_;
    std::map<ResourceUid, std::size_t> hashes_;
};

}  // namespace djdb::kube
