// What this process last saw of each tenant. It spares looks and tries, and never decides anything:
// after a restart everything is looked at anew. Any thread.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/resync/write_backoff.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

struct TenantRecord {
    ResourceUid uid;
    std::int64_t generation = 0;
    std::string server;
    DatabaseName database{""};
    /// Of the facts that were judged last; empty when a step has changed them since.
    std::string fingerprint;
    /// What differed inside the database, and when to look again.
    std::vector<Drift> contents;
    TimePoint contents_due{};
    /// Logins whose stored password the server refused, and when to try again.
    std::vector<RoleName> rejected;
    TimePoint logins_due{};
    /// Of the Secrets that its apps read, by name; "" for one that was not there.
    std::map<ObjectName, std::string> secret_versions;
    std::optional<WriteBackoff> backoff;
    /// Nothing was to be done: the next run may be far away.
    bool is_settled = false;
};

/// Where the Secret of a tenant is: in the namespace of its resource.
struct SecretPlace {
    ObjectKey tenant;
    ObjectName secret;
    friend auto operator<=>(const SecretPlace&, const SecretPlace&) = default;
};

struct SettledCount {
    std::size_t tenants = 0;
    std::size_t secrets = 0;
};

class TenantCache {
  public:
    std::optional<TenantRecord> find(const ObjectKey&, const ResourceUid&) const;
    void keep(const ObjectKey&, TenantRecord);
    void forget(const ObjectKey&);
    /// The API server could not be asked about this resource. @return since when that is so
    TimePoint note_unseen(const ObjectKey&, TimePoint now);
    void note_seen(const ObjectKey&);
    /// Of the settled tenants of this server.
    std::map<ObjectKey, TenantRecord> settled_on(const std::string& server) const;
    SettledCount count_settled() const;
    /// The place behind this one, and the version that was noted there; behind the last comes the
    /// first. A walk meets what is added and misses nothing.
    std::optional<std::pair<SecretPlace, std::string>> next_settled_secret(
        const std::optional<SecretPlace>& last
    ) const;

  private:
    [[nodiscard]] std::optional<std::pair<SecretPlace, std::string>> first_settled_secret(
        const std::optional<SecretPlace>& behind
    ) const;

    mutable std::mutex mutex_;
    std::map<ObjectKey, TenantRecord> records_;
    std::map<ObjectKey, TimePoint> unseen_since_;
};

}  // namespace djdb
