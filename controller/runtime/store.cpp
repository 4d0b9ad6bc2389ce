#include "controller/runtime/store.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <utility>

namespace djdb::runtime {
namespace {

std::vector<ObjectPointer> objects_of(const Store::Content& content) {
    std::vector<ObjectPointer> objects;
    objects.reserve(content.size());
    for (const auto& [key, object] : content) {
        objects.push_back(object);
    }
    return objects;
}

}  // namespace

Store::Content Store::replace(Content content) {
    Index index;
    for (const auto& [key, object] : content) {
        add_to(index, key, object);
    }
    const std::scoped_lock lock(mutex_);
    content_.swap(content);
    index_.swap(index);
    synced_ = true;
    changed_.notify_all();
    return content;
}

void Store::upsert(const std::string& key, ObjectPointer object) {
    const std::scoped_lock lock(mutex_);
    take_out_of_index(key);
    add_to(index_, key, object);
    content_.insert_or_assign(key, std::move(object));
}

void Store::erase(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    take_out_of_index(key);
    content_.erase(key);
}

void Store::add_to(Index& index, const std::string& key, const ObjectPointer& object) const {
    if (const auto word = index_by_ ? index_by_(*object) : std::string{}; !word.empty()) {
        index[word].emplace(key, object);
    }
}

/// Where the object stands that the content has under this key.
void Store::take_out_of_index(const std::string& key) {
    const auto before = content_.find(key);
    if (!index_by_ || before == content_.end()) {
        return;
    }
    if (const auto found = index_.find(index_by_(*before->second)); found != index_.end()) {
        found->second.erase(key);
        if (found->second.empty()) {
            index_.erase(found);
        }
    }
}

ObjectPointer Store::find(const std::string& key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = content_.find(key);
    return found == content_.end() ? nullptr : found->second;
}

std::vector<ObjectPointer> Store::list() const {
    const std::scoped_lock lock(mutex_);
    return objects_of(content_);
}

std::vector<ObjectPointer> Store::list_indexed(const std::string& word) const {
    if (!index_by_) {
        throw std::logic_error("a store without an index was asked for one");
    }
    const std::scoped_lock lock(mutex_);
    const auto found = index_.find(word);
    return found == index_.end() ? std::vector<ObjectPointer>{} : objects_of(found->second);
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
