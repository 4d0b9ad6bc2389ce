// A TLS server on 127.0.0.1 that plays a script, for faults that a real API server does not show on
// demand. Owns one thread; connections are served one after the other. Certificates are made at
// construction.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace djdb::support {

struct PeerCertificate {
    /// As in OpenSSL's configuration: "DNS:localhost"; empty: none.
    std::string alternative_name = "DNS:localhost,IP:127.0.0.1";
    std::string common_name = "peer";
    bool expired = false;
};

class PeerConnection {
  public:
    virtual ~PeerConnection() = default;
    /// Head and body of the next request; empty at the end of the connection.
    virtual std::string read_request() = 0;
    virtual void write(const std::string& bytes) = 0;
    /// Until the client or the peer's own end closes the connection.
    virtual void wait_for_close() = 0;
};

class TlsPeer {
  public:
    /// Called for each connection after the handshake; the connection is closed when it returns.
    using Script = std::function<void(PeerConnection&)>;

    TlsPeer(const PeerCertificate& certificate, Script script);
    TlsPeer(const TlsPeer&) = delete;
    TlsPeer& operator=(const TlsPeer&) = delete;
    ~TlsPeer();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& ca_pem() const { return ca_pem_; }
    /// All that were read, over all connections.
    [[nodiscard]] std::vector<std::string> requests() const;

  private:
    struct Tls;
    class Connection;
    void serve(const std::stop_token& stop);

    Script script_;
    std::unique_ptr<Tls> tls_;
    std::string ca_pem_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> active_ = -1;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::jthread thread_;
};

std::string http_answer(
    const std::string& status, const std::string& body, const std::string& headers = {}
);

}  // namespace djdb::support
