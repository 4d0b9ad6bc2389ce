// A TLS server on loopback that plays a script, for faults that a real API server does not show on
// demand. Owns one thread, and one more for each connection. Certificates are made at construction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace djdb::support {

enum class Handshake {
    Proper,
    /// Accepts the connection and says nothing.
    Silent,
    /// Answers in plain HTTP.
    Plain,
    /// As PostgreSQL does it: once the client has asked for TLS.
    OnRequest,
};

struct PeerSetup {
    /// As in OpenSSL's configuration: "DNS:localhost"; empty: none.
    std::string alternative_name = "DNS:localhost,IP:127.0.0.1,IP:::1";
    std::string common_name = "peer";
    bool expired = false;
    /// Nothing newer than TLS 1.1.
    bool old_tls = false;
    bool ipv6 = false;
    Handshake handshake = Handshake::Proper;
};

/// In PEM.
struct ClientIdentity {
    std::string certificate;
    std::string key;
};

class PeerConnection {
  public:
    virtual ~PeerConnection() = default;
    /// Head and body of the next request; empty at the end of the connection.
    virtual std::string read_request() = 0;
    /// Whatever comes next; empty at the end of the connection.
    virtual std::string read_some() = 0;
    /// @return false when the client has gone
    virtual bool write(const std::string& bytes) = 0;
    /// The end will be a reset instead of a close.
    virtual void reset() = 0;
    /// Until the client or the peer's own end closes the connection.
    virtual void wait_for_close() = 0;
};

class TlsPeer {
  public:
    /// Called for each connection after the handshake, in a thread of its own; the connection is
    /// closed when it returns.
    using Script = std::function<void(PeerConnection&)>;

    TlsPeer(PeerSetup setup, Script script);
    TlsPeer(const TlsPeer&) = delete;
    TlsPeer& operator=(const TlsPeer&) = delete;
    ~TlsPeer();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string ca_pem() const;
    /// All that were read, over all connections.
    [[nodiscard]] std::vector<std::string> requests() const;
    /// Of the certificate that each connection's client showed; empty for none.
    [[nodiscard]] std::vector<std::string> client_names() const;

    /// Another CA and another certificate for the connections to come.
    void rotate();

  private:
    struct Tls;
    class Connection;
    void listen();
    void serve(const std::stop_token& stop);
    void play(int socket);

    PeerSetup setup_;
    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::shared_ptr<const Tls> tls_;
    std::vector<std::string> requests_;
    std::vector<std::string> client_names_;
    std::set<int> open_;
    std::vector<std::jthread> connections_;
    std::jthread thread_;
};

/// Signed by itself: a name that the peer can see.
ClientIdentity make_client(const std::string& name);

std::string http_answer(
    const std::string& status, const std::string& body, const std::string& headers = {}
);

}  // namespace djdb::support
