// What a reflector has seen of one kind: objects by "namespace/name" ("name" for cluster-scoped
// ones), and by one more word if it has an index. Owns immutable snapshots: a reader keeps its
// shared_ptr while the store moves on. Any thread may call.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace djdb::runtime {

using ObjectPointer = std::shared_ptr<const nlohmann::json>;

class Store {
  public:
    using Content = std::map<std::string, ObjectPointer>;
    /// The word under which an object is found besides its key; empty: under none. Depends on the
    /// object alone.
    using IndexBy = std::function<std::string(const nlohmann::json&)>;

    Store() = default;
    explicit Store(IndexBy index_by) : index_by_(std::move(index_by)) {}

    /// Swaps the whole content in one step and marks the store as synced, so no reader sees a
    /// half-filled list.
    /// @return what was there before
    Content replace(Content content);
    void upsert(const std::string& key, ObjectPointer object);
    void erase(const std::string& key);

    /// nullptr if absent.
    [[nodiscard]] ObjectPointer find(const std::string& key) const;
    [[nodiscard]] std::vector<ObjectPointer> list() const;
    /// Those that the index has under this word, in the order of their keys.
    /// @throws std::logic_error without an index: a defect of ours
    [[nodiscard]] std::vector<ObjectPointer> list_indexed(const std::string& word) const;
    [[nodiscard]] std::size_t size() const;

    /// True after the first replace: the first complete list is in.
    [[nodiscard]] bool is_synced() const;
    /// @return false when time is up or stop is requested first
    bool wait_until_synced(std::chrono::steady_clock::time_point until, std::stop_token stop) const;

  private:
    using Index = std::map<std::string, Content>;

    void add_to(Index& index, const std::string& key, const ObjectPointer& object) const;
    void take_out_of_index(const std::string& key);

    IndexBy index_by_;
    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    Content content_;
    Index index_;
    bool synced_ = false;
};

/// "namespace/name" of an object's metadata, or "name" without a namespace.
std::string store_key(const nlohmann::json& object);

}  // namespace djdb::runtime
