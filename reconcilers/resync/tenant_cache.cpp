#include "reconcilers/resync/tenant_cache.hpp"

#include <utility>

namespace djdb {

std::optional<TenantRecord> TenantCache::find(const ObjectKey& key, const ResourceUid& uid) const {
    const std::scoped_lock lock(mutex_);
    const auto found = records_.find(key);
    return found == records_.end() || found->second.uid != uid ? std::nullopt
                                                               : std::optional(found->second);
}

void TenantCache::keep(const ObjectKey& key, TenantRecord record) {
    const std::scoped_lock lock(mutex_);
    records_.insert_or_assign(key, std::move(record));
}

void TenantCache::note_run(const ObjectKey& key, RunNotes notes) {
    const std::scoped_lock lock(mutex_);
    const auto found = records_.find(key);
    if (found == records_.end()) {
        return;
    }
    found->second.is_settled = notes.is_settled;
    found->second.published_versions = std::move(notes.published_versions);
    found->second.backoffs = std::move(notes.backoffs);
}

void TenantCache::forget(const ObjectKey& key) {
    const std::scoped_lock lock(mutex_);
    records_.erase(key);
    unseen_since_.erase(key);
    expected_.erase(key);
    deferred_.erase(key);
}

TimePoint TenantCache::note_unseen(const ObjectKey& key, TimePoint now) {
    const std::scoped_lock lock(mutex_);
    return unseen_since_.try_emplace(key, now).first->second;
}

void TenantCache::note_seen(const ObjectKey& key) {
    const std::scoped_lock lock(mutex_);
    unseen_since_.erase(key);
}

bool TenantCache::defers_status(const ObjectKey& key, bool goes_on) {
    const std::scoped_lock lock(mutex_);
    if (goes_on && deferred_.insert(key).second) {
        return true;
    }
    deferred_.erase(key);
    return false;
}

void TenantCache::expect_status(const ObjectKey& key, DjangoDatabaseStatus status) {
    const std::scoped_lock lock(mutex_);
    expected_.insert_or_assign(key, std::move(status));
}

void TenantCache::expect_no_status(const ObjectKey& key) {
    const std::scoped_lock lock(mutex_);
    expected_.erase(key);
}

bool TenantCache::is_expected_status(const ObjectKey& key, const DjangoDatabaseStatus& status) {
    const std::scoped_lock lock(mutex_);
    const auto found = expected_.find(key);
    if (found == expected_.end() || found->second != status) {
        return false;
    }
    expected_.erase(found);
    return true;
}

std::map<ObjectKey, TenantRecord> TenantCache::settled_on(const std::string& server) const {
    const std::scoped_lock lock(mutex_);
    std::map<ObjectKey, TenantRecord> settled;
    for (const auto& [key, record] : records_) {
        if (record.is_settled && record.server == server) {
            settled.emplace(key, record);
        }
    }
    return settled;
}

SettledCount TenantCache::count_settled() const {
    const std::scoped_lock lock(mutex_);
    SettledCount count;
    for (const auto& [key, record] : records_) {
        if (record.is_settled) {
            ++count.tenants;
            count.published += record.published_versions.size();
        }
    }
    return count;
}

std::optional<std::pair<PublishedPlace, std::string>> TenantCache::next_published(
    const std::optional<PublishedPlace>& last
) const {
    const std::scoped_lock lock(mutex_);
    const auto next = last ? first_published(last) : std::nullopt;
    return next ? next : first_published(std::nullopt);
}

std::optional<std::pair<PublishedPlace, std::string>> TenantCache::first_published(
    const std::optional<PublishedPlace>& behind
) const {
    auto at = behind ? records_.lower_bound(behind->tenant) : records_.begin();
    for (; at != records_.end(); ++at) {
        const auto& [tenant, record] = *at;
        for (const auto& [object, version] : record.published_versions) {
            const PublishedPlace place{tenant, object};
            if (record.is_settled && (!behind || place > *behind)) {
                return std::pair(place, version);
            }
        }
    }
    return std::nullopt;
}

}  // namespace djdb
