// Keeps a Store equal to what the API server has of one kind: lists, watches, starts over when it
// must. Owns one thread; the callback is called from it. Promise: after the destructor no callback
// runs.
#pragma once

#include "controller/kube/client/client.hpp"
#include "controller/runtime/store.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace djdb::kube {

struct ReflectorOptions {
    Resource resource;
    Selection selection;
    /// metadata.managedFields is often half of an object.
    bool keep_managed_fields = false;
    /// Of the store; none: it has no index.
    runtime::Store::IndexBy index_by = {};
    /// Takes out of each object what nobody asks for; none: nothing.
    std::function<void(nlohmann::json& object)> trim = {};
};

class Reflector {
  public:
    /// Called for each object that is new or changed, and with deleted = true (and its last known
    /// state) for each that is gone, also when the deletion itself was missed. The store has been
    /// changed before. It should only queue keys: while it runs, nothing is read. What it throws is
    /// reported as trouble.
    using OnChange = std::function<void(const nlohmann::json& object, bool deleted)>;
    /// Told of each failure, one line, safe to log; the reflector goes on by itself.
    using OnTrouble = std::function<void(const std::string& line)>;

    /// Starts immediately. The client must outlive it.
    Reflector(
        Client& client, ReflectorOptions options, OnChange on_change, OnTrouble on_trouble = {}
    );
    Reflector(const Reflector&) = delete;
    Reflector& operator=(const Reflector&) = delete;
    ~Reflector();

    [[nodiscard]] const runtime::Store& store() const;
    /// @return false when the deadline passes or stop is requested before the first list is in
    [[nodiscard]] bool wait_until_synced(Deadline deadline, std::stop_token stop = {}) const;
    /// Tells the thread to end, without waiting for it.
    void request_stop();

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace djdb::kube
