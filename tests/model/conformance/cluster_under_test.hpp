// An API server that the conformance suite is played on: the model's, or a real one. Whoever links
// the suite makes one.
#pragma once

#include "reconcilers/ports/cluster.hpp"

#include <memory>
#include <string>

namespace djdb {

class ClusterUnderTest {
  public:
    virtual ~ClusterUnderTest() = default;

    /// A namespace of its own for each case.
    virtual void begin_case() = 0;
    virtual Cluster& cluster() = 0;
    /// Of this case.
    virtual Namespace ns() = 0;
    /// A moment goes by: controllers act, and watches bring what changed.
    virtual void wait() = 0;

    // What others do.
    virtual DjangoDatabase make_resource(const std::string& name) = 0;
    virtual DjangoDatabase read_resource(const std::string& name) = 0;
    /// Another generation.
    virtual void edit_spec(const std::string& name) = 0;
    virtual void annotate(const std::string& name) = 0;
    virtual void remove_resource(const std::string& name) = 0;
    virtual PostgresServer make_server(const std::string& name) = 0;
    virtual PostgresServer read_server(const std::string& name) = 0;
    virtual void remove_server(const std::string& name) = 0;
    /// With the label of this database; the gate holds it.
    virtual Workload make_deployment(const std::string& name, const std::string& database) = 0;
    virtual ObjectMeta read_deployment(const std::string& name) = 0;
    /// Another Pod template.
    virtual void edit_template(const std::string& deployment) = 0;
    /// Nothing of the Pod template.
    virtual void annotate_deployment(const std::string& name) = 0;
    /// spec.paused as a user writes it.
    virtual void pause(const std::string& deployment) = 0;
    virtual void resume(const std::string& deployment) = 0;
    virtual void remove_deployment(const std::string& name) = 0;
    virtual bool is_held(const std::string& deployment) = 0;
    virtual void alter_gate() = 0;
    virtual void remove_gate() = 0;
    virtual void restore_gate() = 0;
    /// Owned by nobody.
    virtual void make_secret(const std::string& name, const std::string& key) = 0;
    virtual void add_key(const std::string& secret, const std::string& key) = 0;
    virtual bool has_secret(const std::string& name) = 0;
    virtual void make_config_map(
        const Namespace&, const std::string& name, const std::string& key
    ) = 0;
    /// Value of this key; empty when there is none.
    virtual std::string config(const std::string& name, const std::string& key) = 0;
    /// Its Pod ends well, and the Job controller says that it is Complete.
    virtual void complete_job(const std::string& name) = 0;
    /// UID of the Job; empty when there is none.
    virtual ResourceUid job(const std::string& name) = 0;
    /// A quota lets no Job be made in this namespace.
    virtual void forbid_jobs() = 0;
};

std::unique_ptr<ClusterUnderTest> make_cluster_under_test();

}  // namespace djdb
