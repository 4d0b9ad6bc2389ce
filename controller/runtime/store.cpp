#include "controller/runtime/store.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace djdb::runtime {

Store::Content Store::replace(Content content) {
    const std::scoped_lock lock(mutex_);
    content_.swap(content);
    synced_ = true;
    changed_.notify_all();
    return content;
}

void Store::upsert(const std::string& key, ObjectPointer object) {
    const std::scoped_lock lock(mutex_);
    content_.insert_or_assign(key, std::move(object));
}

void Store::erase(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    content_.erase(key);
}

ObjectPointer Store::find(const std::string& key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = content_.find(key);
    return found == content_.end() ? nullptr : found->second;
}

std::vector<ObjectPointer> Store::list() const {
    const std::scoped_lock lock(mutex_);
    std::vector<ObjectPointer> objects;
    objects.reserve(content_.size());
    for (const auto& [key, object] : content_) {
        objects.push_back(object);
    }
    return objects;
}

std::size_t Store::size() const {
    const std::scoped_lock lock(mutex_);
    return content_.size();
}

bool Store::is_synced() const {
    const std::scoped_lock lock(mutex_);
    return synced_;
}

bool Store::wait_until_synced(std::chrono::steady_clock::time_point until, std::stop_token stop)
    const {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, std::move(stop), until, [this] { return synced_; });
}

std::string store_key(const nlohmann::json& object) {
    const auto& metadata = object.at("metadata");
    const auto ns = metadata.value("namespace", std::string{});
    const auto name = metadata.at("name").get<std::string>();
    return ns.empty() ? name : ns + "/" + name;
}

}  // namespace djdb::runtime
