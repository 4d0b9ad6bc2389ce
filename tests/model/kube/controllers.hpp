// What Kubernetes does by itself with Deployments and Jobs, and what a Job's Pod does in the
// database. Wakes on each change, with a delay of its own.
#pragma once

#include "tests/model/world/world.hpp"

#include <set>

namespace djdb::model {

class Controllers {
  public:
    explicit Controllers(World& world);

  private:
    /// A Deployment.
    void tend(const ObjectKey& key);
    // A Job, from its Pod's start until it is removed.
    void begin(const ObjectKey& key, const ResourceUid&);
    void migrate(const ObjectKey& key, const ResourceUid&, Millis waited);
    void end(Pod, const ObjectKey& key, const ResourceUid&);
    void finish(const ObjectKey& key, const ResourceUid&);
    void remove(const ObjectKey& key, const ResourceUid&);
    Pod answer(const Job&, Pod);
    [[nodiscard]] Attempt draw_attempt(const std::string& image);
    [[nodiscard]] std::string log_in(const Job&) const;

    World& world_;
    Random random_;
    /// Jobs that hold the lock in the database, by the database's OID. One that is made again has the same name.
    std::map<Oid, ResourceUid> locks_;
};

}  // namespace djdb::model
