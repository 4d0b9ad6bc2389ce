// One kind of objects: what is there now, and every change since the beginning, which is what
// watches bring. And a view of it that lags behind, as an operator's cache does.
#pragma once

#include "crds/names.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace djdb::model {

template <class Object>
class Table {
  public:
    using Snapshot = std::shared_ptr<const Object>;
    struct Change {
        ObjectKey key;
        Snapshot before;
        /// Null: it is gone.
        Snapshot now;
    };
    using Objects = std::map<ObjectKey, Snapshot>;

    [[nodiscard]] Snapshot find(const ObjectKey& key) const {
        const auto found = now_.find(key);
        return found == now_.end() ? nullptr : found->second;
    }
    [[nodiscard]] const Objects& all() const { return now_; }
    [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }

    void put(Object object) {
        const auto key = object.meta.key;
        const auto snapshot = std::make_shared<const Object>(std::move(object));
        auto& place = now_[key];
        changes_.push_back({key, std::exchange(place, snapshot), snapshot});
        tell();
    }
    void remove(const ObjectKey& key) {
        const auto found = now_.find(key);
        if (found != now_.end()) {
            changes_.push_back({key, std::move(found->second), nullptr});
            now_.erase(found);
            tell();
        }
    }
    /// Called behind each change.
    void listen(std::function<void(const Change&)> listener) {
        listeners_.push_back(std::move(listener));
    }

  private:
    void tell() {
        for (std::size_t i = 0; i < listeners_.size(); ++i) {
            const auto change = changes_.back();
            listeners_[i](change);
        }
    }
    Objects now_;
    std::vector<Change> changes_;
    std::vector<std::function<void(const Change&)>> listeners_;
};

/// Begins with a consistent list, as the operator's reflectors do; then follows change by change.
template <class Object>
class View {
  public:
    explicit View(const Table<Object>& table)
        : table_(table), seen_(table.all()), position_(table.changes().size()) {}

    [[nodiscard]] std::shared_ptr<const Object> find(const ObjectKey& key) const {
        const auto found = seen_.find(key);
        return found == seen_.end() ? nullptr : found->second;
    }
    [[nodiscard]] const std::map<ObjectKey, std::shared_ptr<const Object>>& all() const {
        return seen_;
    }
    [[nodiscard]] std::size_t position() const { return position_; }
    /// Takes the next change in. @return that change; null: every change was taken in already
    const Table<Object>::Change* advance() {
        if (position_ == table_.changes().size()) {
            return nullptr;
        }
        const auto& change = table_.changes()[position_++];
        if (change.now) {
            seen_[change.key] = change.now;
        } else {
            seen_.erase(change.key);
        }
        return &change;
    }

  private:
    const Table<Object>& table_;
    std::map<ObjectKey, std::shared_ptr<const Object>> seen_;
    std::size_t position_;
};

}  // namespace djdb::model
