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

    virtual Cluster& cluster() = 0;
    virtual Namespace ns() = 0;

    // What others do.
    virtual DjangoDatabase make_resource(const std::string& name) = 0;
    virtual DjangoDatabase read_resource(const std::string& name) = 0;
    virtual void annotate(const std::string& name) = 0;
    virtual void remove_resource(const std::string& name) = 0;
    /// Held, as the gate leaves it.
    virtual Workload make_deployment(const std::string& name) = 0;
    virtual void edit_deployment(const std::string& name) = 0;
    virtual bool is_held(const std::string& name) = 0;
    /// Owned by nobody.
    virtual void make_secret(const std::string& name, const std::string& key) = 0;
    virtual void add_key(const std::string& secret, const std::string& key) = 0;
    virtual bool has_secret(const std::string& name) = 0;
    /// The Job controller says that it is Complete.
    virtual void complete_job(const std::string& name) = 0;
    /// UID of the Job; empty when there is none.
    virtual ResourceUid job(const std::string& name) = 0;
    virtual bool expires(const std::string& job) = 0;
};

std::unique_ptr<ClusterUnderTest> make_cluster_under_test();

}  // namespace djdb
