// The port ReleaseRecords over the model API server, for one operator process.
#pragma once

#include "reconcilers/ports/release_records.hpp"
#include "tests/model/ports/views.hpp"
#include "tests/model/world/world.hpp"

namespace djdb::model {

class ModelReleaseRecords final : public ReleaseRecords {
  public:
    ModelReleaseRecords(World& world, Caller& caller, Views& views)
        : world_(world), caller_(caller), views_(views) {}

    std::optional<std::vector<DjangoRelease>> list(const ObjectKey& database) override;
    DjangoRelease create(const nlohmann::json& manifest, const CallContext&) override;
    DjangoRelease patch_status(const DjangoRelease&, const DjangoReleaseStatus&, const CallContext&)
        override;
    void remove(const DjangoRelease&, const CallContext&) override;
    std::string read_log(const ObjectKey& job, const std::string& pod, const CallContext&) override;

  private:
    template <class Apply>
    void effect(const Effect& what, Apply&& apply);

    World& world_;
    Caller& caller_;
    Views& views_;
};

}  // namespace djdb::model
