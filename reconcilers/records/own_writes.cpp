#include "reconcilers/records/own_writes.hpp"

#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace djdb {
namespace {

constexpr std::size_t kMostWritten = 1000;

}  // namespace

std::optional<std::vector<DjangoRelease>> OwnWrites::list(const ObjectKey& database) {
    auto listed = records_.list(database);
    if (!listed) {
        return std::nullopt;
    }
    auto& records = *listed;
    const std::scoped_lock lock(mutex_);
    // Of databases that are gone nobody asks again. What is forgotten here costs a run.
    if (written_.size() > kMostWritten) {
        written_.clear();
    }
    for (auto own = written_.begin(); own != written_.end();) {
        auto& [key, written] = *own;
        if (key.ns != database.ns || written.now.spec.database_ref.name != database.name.str()) {
            ++own;
            continue;
        }
        const auto shown = std::ranges::find(records, key, [](const DjangoRelease& record) {
            return record.meta.key;
        });
        const bool is_behind = shown == records.end()
                                   ? !written.was_seen
                                   : shown->meta.uid == written.now.meta.uid &&
                                         written.before.contains(shown->meta.resource_version);
        if (!is_behind) {
            own = written_.erase(own);
            continue;
        }
        if (shown == records.end()) {
            records.push_back(written.now);
        } else {
            written.was_seen = true;
            *shown = written.now;
        }
        ++own;
    }
    return listed;
}

DjangoRelease OwnWrites::create(const nlohmann::json& manifest, const CallContext& call) {
    return note(records_.create(manifest, call), "");
}

DjangoRelease OwnWrites::patch_status(
    const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext& call
) {
    try {
        return note(records_.patch_status(record, status, call), record.meta.resource_version);
    } catch (const Error&) {
        // Somebody else wrote it, or nobody knows whether we have.
        forget(record.meta.key);
        throw;
    }
}

void OwnWrites::remove(const DjangoRelease& record, const CallContext& call) {
    records_.remove(record, call);
    forget(record.meta.key);
}

std::string OwnWrites::read_log(
    const ObjectKey& job, const std::string& pod, const CallContext& call
) {
    return records_.read_log(job, pod, call);
}

DjangoRelease OwnWrites::note(const DjangoRelease& now, const std::string& before) {
    const std::scoped_lock lock(mutex_);
    auto& written = written_[now.meta.key];
    if (written.now.meta.uid != now.meta.uid) {
        // One that was there before has been seen.
        written = {.now = {}, .before = {}, .was_seen = !before.empty()};
    }
    written.now = now;
    if (!before.empty() && before != now.meta.resource_version) {
        written.before.insert(before);
    }
    return now;
}

void OwnWrites::forget(const ObjectKey& key) {
    const std::scoped_lock lock(mutex_);
    written_.erase(key);
}

}  // namespace djdb
