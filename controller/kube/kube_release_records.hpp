// The port ReleaseRecords over the API server: DjangoReleases from a cache, and the logs of Jobs' Pods. Worker threads call
// it; the caches and the client are safe for that.
#pragma once

#include "controller/kube/kube_cluster.hpp"
#include "reconcilers/ports/release_records.hpp"

#include <atomic>

namespace djdb::kube {

class KubeReleaseRecords final : public ReleaseRecords {
  public:
    KubeReleaseRecords(Client& client, Caches caches) : client_(client), caches_(caches) {}

    std::optional<std::vector<DjangoRelease>> list(const ObjectKey& database) override;
    DjangoRelease create(const nlohmann::json& manifest, const CallContext& call) override;
    DjangoRelease patch_status(
        const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext& call
    ) override;
    void remove(const DjangoRelease& record, const CallContext& call) override;
    std::string read_log(const ObjectKey& job, const std::string& pod, const CallContext& call)
        override;

  private:
    Client& client_;
    Caches caches_;
    /// The CustomResourceDefinition is of a version that keeps no steps.
    std::atomic<bool> is_older_ = false;
};

}  // namespace djdb::kube
