// The TLS material that holds now: fixed, or from files that are replaced while we run (a rotated
// CA, a renewed client certificate). Any thread may call.
#pragma once

#include "controller/kube/config/config.hpp"
#include "controller/kube/config/tls_material.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace djdb::kube {

class TlsSource {
  public:
    /// @throws ConfigError when the configuration's PEM texts can't be used
    explicit TlsSource(const ClusterConfig& config);

    /// A new pointer when a file has changed. The files are read at most once in 60 s, and immediately
    /// after doubt(). What can't be read or does not fit together, as in the middle of a rotation,
    /// leaves the last material in place.
    std::shared_ptr<const TlsMaterial> current();
    /// A handshake failed or the server answered 401: the files may have been replaced.
    void doubt();

  private:
    struct Pem {
        std::string ca;
        std::string certificate;
        Sensitive key;
        friend bool operator==(const Pem&, const Pem&) = default;
    };
    static std::shared_ptr<const TlsMaterial> parse(const Pem& pem);
    [[nodiscard]] Pem read_files() const;

    const std::filesystem::path ca_file_;
    const std::filesystem::path certificate_file_;
    const std::filesystem::path key_file_;
    std::mutex mutex_;
    Pem pem_;
    std::shared_ptr<const TlsMaterial> material_;
    std::chrono::steady_clock::time_point read_at_ = std::chrono::steady_clock::now();
    bool doubted_ = false;
};

}  // namespace djdb::kube
