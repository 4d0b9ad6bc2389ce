// What this process last saw of each tenant. It spares looks and tries, and never decides anything:
// after a restart everything is looked at anew. Any thread.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/resync/write_backoff.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

/// What was judged last of the catalogs, and what a look inside the database found.
struct DriftRecord {
    std::int64_t generation = 0;
    /// Of the facts that were judged last; empty when a step has changed them since.
    std::string fingerprint;
    std::vector<Drift> contents;
    /// When to look inside again.
    TimePoint due{};
};

/// What django_migrations held when something passed, or when it was looked at.
struct AppliedRecord {
    std::optional<std::string> name;
    TimePoint due{};
};

struct LoginRecord {
    /// Logins whose stored password the server refused.
    std::vector<RoleName> rejected;
    /// When each of those that were refused got its password again.
    std::map<RoleName, TimePoint> set_again;
    /// When to try them again.
    TimePoint due{};
};

/// Of one tenant, in parts that each have one writer.
struct TenantRecord {
    ResourceUid uid;
    std::string server;
    DatabaseName database{""};
    DriftRecord drift;
    LoginRecord logins;
    AppliedRecord applied;
    /// Of what its apps read; "" for what was not there.
    std::map<Published, std::string> published_versions;
    WriteBackoffs backoffs;
    /// Nothing was to be done: the next run may be far away.
    bool is_settled = false;
};

/// What a run leaves for the next one.
struct RunNotes {
    bool is_settled = false;
    std::map<Published, std::string> published_versions;
    WriteBackoffs backoffs;
};

/// Where a tenant's apps read: in the namespace of its resource.
struct PublishedPlace {
    ObjectKey tenant;
    Published object;
    friend auto operator<=>(const PublishedPlace&, const PublishedPlace&) = default;
};

struct SettledCount {
    std::size_t tenants = 0;
    std::size_t published = 0;
};

class TenantCache {
  public:
    std::optional<TenantRecord> find(const ObjectKey&, const ResourceUid&) const;
    void keep(const ObjectKey&, TenantRecord);
    /// What a run came to, of a tenant that is kept.
    void note_run(const ObjectKey&, RunNotes);
    void forget(const ObjectKey&);
    /// The API server could not be asked about this resource. @return since when that is so
    TimePoint note_unseen(const ObjectKey&, TimePoint now);
    void note_seen(const ObjectKey&);
    /// Asked once by each run that has a status to write. True: it goes on, and the next one writes that of both. Never
    /// twice in a row: whoever acts again and again has to say so.
    bool defers_status(const ObjectKey&, bool goes_on);
    /// What the watch will bring although nobody has to look at it. To be said before the write, whose answer may come
    /// later.
    void expect_status(const ObjectKey&, DjangoDatabaseStatus);
    /// For a run that begins: it sees the resource as it was before an earlier run's status came.
    void expect_no_status(const ObjectKey&);
    /// Asked of what the watch brings; it brings each status once.
    bool is_expected_status(const ObjectKey&, const DjangoDatabaseStatus&);
    /// Of the settled tenants of this server.
    std::map<ObjectKey, TenantRecord> settled_on(const std::string& server) const;
    SettledCount count_settled() const;
    /// The place behind this one, and the version that was noted there; behind the last comes the
    /// first. A walk meets what is added and misses nothing.
    std::optional<std::pair<PublishedPlace, std::string>> next_published(
        const std::optional<PublishedPlace>& last
    ) const;

  private:
    [[nodiscard]] std::optional<std::pair<PublishedPlace, std::string>> first_published(
        const std::optional<PublishedPlace>& behind
    ) const;

    mutable std::mutex mutex_;
    std::map<ObjectKey, TenantRecord> records_;
    std::map<ObjectKey, TimePoint> unseen_since_;
    std::map<ObjectKey, DjangoDatabaseStatus> expected_;
    std::set<ObjectKey> deferred_;  ///< whose last run wrote no status
};

}  // namespace djdb
