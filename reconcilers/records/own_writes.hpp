// The port ReleaseRecords with what this process has written itself: a cache shows it a moment later. Without that each
// run of that moment would make the record once more, or write over it what it was before. Any thread may call it.
//
// of a record the cache shows           | list() has
// --------------------------------------|----------------------------
// nothing yet, since it was made        | what was written last
// a version from before the last write  | what was written last
// that version, another one, or nothing | what the cache shows
//   once it was seen                    |
#pragma once

#include "reconcilers/ports/release_records.hpp"

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace djdb {

class OwnWrites final : public ReleaseRecords {
  public:
    explicit OwnWrites(ReleaseRecords& records) : records_(records) {}

    std::optional<std::vector<DjangoRelease>> list(const ObjectKey& database) override;
    DjangoRelease create(const nlohmann::json& manifest, const CallContext& call) override;
    DjangoRelease patch_status(
        const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext& call
    ) override;
    void remove(const DjangoRelease& record, const CallContext& call) override;
    std::string read_log(const ObjectKey& job, const std::string& pod, const CallContext& call)
        override;

  private:
    struct Written {
        DjangoRelease now;
        /// What the cache may still show; empty: nothing, since it was made here and not seen yet.
        std::set<std::string> before;
        bool was_seen = false;
    };
    [[nodiscard]] DjangoRelease note(const DjangoRelease& now, const std::string& before);
    void forget(const ObjectKey& key);

    ReleaseRecords& records_;
    std::mutex mutex_;
    std::map<ObjectKey, Written> written_;
};

}  // namespace djdb
