// Goes round the Secrets and ConfigMaps that settled tenants' apps read, one after the other: they may
// not be listed or watched, so each is asked for its version alone, and its resource is woken when
// that is not what it was when the tenant settled. One thread.
#pragma once

#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/resync/tenant_cache.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace djdb {

/// How long to wait between two of so many: a round takes 25 s, so that with the run what was edited
/// is put right within 30 s; but no more than ten are asked for in a second.
std::chrono::milliseconds pace_of_round(std::size_t objects);

/// Versions; "" is of what is not there.
/// noted     | found        | has changed
/// ----------|--------------|------------
/// any       | not known    | no: an error says nothing of the object
/// a version | the same     | no
/// a version | another, ""  | yes
/// ""        | ""           | no
/// ""        | a version    | yes
bool has_changed(const std::string& noted, const std::optional<std::string>& found);

class PublishedPoller {
  public:
    using Wake = std::function<void(const ObjectKey&)>;

    PublishedPoller(Cluster& cluster, const TenantCache& cache, Wake wake)
        : cluster_(cluster), cache_(cache), wake_(std::move(wake)) {}

    /// Today's, which moves as tenants come and go.
    [[nodiscard]] std::chrono::milliseconds interval() const;
    void poll_next(const CallContext& call);

  private:
    Cluster& cluster_;
    const TenantCache& cache_;
    Wake wake_;
    std::optional<PublishedPlace> last_;
};

}  // namespace djdb
