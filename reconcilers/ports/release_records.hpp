// Where the records of releases are kept. The adapter is controller/kube/kube_release_records.
//
// list() answers from a cache, read_log() from the API server, the others write. All may throw Error with the HTTP
// status and reason as code. Workers call it; all members may run together.
#pragma once

#include "crds/kinds/django_release.hpp"
#include "reconcilers/ports/call_context.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace djdb {

class ReleaseRecords {
  public:
    ReleaseRecords() = default;
    ReleaseRecords(const ReleaseRecords&) = delete;
    ReleaseRecords& operator=(const ReleaseRecords&) = delete;
    virtual ~ReleaseRecords() = default;

    /// None: they are not known yet, or none can be kept.
    virtual std::optional<std::vector<DjangoRelease>> list(const ObjectKey& database) = 0;
    /// @return as it is now; where there is one of that name already, which the cache did not show, that one
    /// @throws Error "NameTaken" when somebody else has made that one
    virtual DjangoRelease create(const nlohmann::json& manifest, const CallContext&) = 0;
    /// @throws Error Conflict when somebody else has written it since: what a stale look found must not replace that
    /// @return as it is now
    virtual DjangoRelease
    patch_status(const DjangoRelease&, const DjangoReleaseStatus&, const CallContext&) = 0;
    /// This very object. Already gone is success.
    virtual void remove(const DjangoRelease&, const CallContext&) = 0;
    /// The end of what a Job's own container in this Pod has written: whole lines, at most 200.
    virtual std::string
    read_log(const ObjectKey& job, const std::string& pod, const CallContext&) = 0;
};

}  // namespace djdb
