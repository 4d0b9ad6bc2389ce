// What Kubernetes does by itself with Deployments and Jobs, and what a Job's Pod does in the
// database. Wakes on each change, with a delay of its own.
#pragma once

#include "tests/model/world/world.hpp"

#include <memory>
#include <optional>
#include <string>

namespace djdb::model {

class Controllers {
  public:
    explicit Controllers(World& world);

  private:
    /// A Deployment.
    void tend(const ObjectKey& key);
    // A Job, from its Pod's start until it is removed.
    void begin(const ObjectKey& key, const ResourceUid&);
    void probe(const ObjectKey& key, const ResourceUid&);
    void migrate(const ObjectKey& key, const ResourceUid&, Millis waited);
    struct AtWork {
        Job job;
        Pod pod;
    };
    [[nodiscard]] std::optional<AtWork> find_at_work(const ObjectKey& key, const ResourceUid&)
        const;
    // One that proves what rolled out (verifications.cpp).
    void begin_verification(const Job&, Pod);
    void verify(const ObjectKey& key, const ResourceUid&, VerifyAttempt);
    void end_verification(const ObjectKey& key, const ResourceUid&, VerifyAttempt);
    // A backup's (backups.cpp): two init containers, and then ours.
    void begin_backup(const Job&, Pod);
    void dump(const ObjectKey& key, const ResourceUid&, BackupAttempt);
    void end_dump(const ObjectKey& key, const ResourceUid&, BackupAttempt, const Dump&);
    void read_back(const ObjectKey& key, const ResourceUid&, BackupAttempt, const Dump&);
    void keep(const ObjectKey& key, const ResourceUid&, BackupAttempt, Dump);
    void stop_at_deadline(const Job&);
    void stop(const ObjectKey& key, const ResourceUid&);
    /// @return whether its Pod has a session now
    bool enter(const Job&, Pod);
    [[nodiscard]] std::shared_ptr<const Secret> secret_of(const Job&) const;
    void begin_session(const Job&, const std::string& role, const std::string& database);
    [[nodiscard]] Session* session_of(const ResourceUid& job);
    void leave(const ResourceUid& job);
    [[nodiscard]] bool loses_node(const std::string& image);
    void lose(const Job&, Pod);
    void come_back(const Job&, const std::string& password);
    void end(Pod, const ObjectKey& key, const ResourceUid&);
    void finish(const ObjectKey& key, const ResourceUid&);
    void remove(const ObjectKey& key, const ResourceUid&);
    Pod answer(const Job&, Pod);
    [[nodiscard]] Attempt draw_attempt(const std::string& image);
    [[nodiscard]] std::string log_in(const Job&) const;

    World& world_;
    Random random_;
};

}  // namespace djdb::model
