// The calls to the API server that making a tenant can't do without, each once: no watch, no look, no second status.
// Any thread.
#pragma once

#include "controller/kube/client/client.hpp"

#include <memory>
#include <string>

namespace djdb::bench {

class BareApi {
  public:
    /// @param kubeconfig of an administrator
    explicit BareApi(const std::string& kubeconfig);

    /// Waits until somebody has made the resource, and adds the finalizer.
    /// @return its UID
    std::string add_finalizer(const std::string& name);
    void store_passwords(
        const std::string& uid, const std::string& runtime, const std::string& migrate
    );
    /// The Secret and the CA's ConfigMap.
    void publish(
        const std::string& name,
        const std::string& uid,
        const std::string& password,
        const std::string& ca_pem
    );
    /// Ready, with an Event that says so.
    void report(const std::string& name, const std::string& uid);

  private:
    std::unique_ptr<kube::Client> client_;
};

}  // namespace djdb::bench
