#include "controller/kube/written_statuses.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace djdb::kube {
namespace {

using nlohmann::json;

/// Keys are sorted, so equal ones have equal texts.
std::size_t hash_of(const json& status) {
    return std::hash<std::string>{}(
        status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
    );
}

}  // namespace

void WrittenStatuses::note(const ResourceUid& uid, const json& status) {
    const auto hash = hash_of(status);
    const std::scoped_lock lock(mutex_);
    hashes_[uid] = hash;
}

bool WrittenStatuses::is_ours(const json& object) {
    const ResourceUid uid(text_at(object, {"metadata", "uid"}));
    const auto hash = hash_of(child(object, "status"));
    const std::scoped_lock lock(mutex_);
    const auto written = hashes_.find(uid);
    return written != hashes_.end() && written->second == hash;
}

void WrittenStatuses::forget(const ResourceUid& uid) {
    const std::scoped_lock lock(mutex_);
    hashes_.erase(uid);
}

}  // namespace djdb::kube
