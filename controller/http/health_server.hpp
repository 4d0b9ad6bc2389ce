// Answers /livez and /readyz. Owns one thread and its sockets; the checks are called from that
// thread.
//
// Promise: a slow or hostile caller can't hold it: headers and bodies are limited, each connection
// has a deadline, and above the cap the oldest connection of the address that has most makes room. So
// no Pod keeps the kubelet out. One request for each connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace djdb::http {

/// True: 200 "ok"; false: 503. Must be quick and must not throw.
using Check = std::function<bool()>;

class HealthServer {
  public:
    /// Listens before it returns. Port 0 takes a free one.
    /// @throws std::runtime_error naming address and port when it can't listen
    HealthServer(
        const std::string& address, std::uint16_t port, std::map<std::string, Check> checks
    );
    HealthServer(const HealthServer&) = delete;
    HealthServer& operator=(const HealthServer&) = delete;
    ~HealthServer();

    [[nodiscard]] std::uint16_t port() const;

  private:
    class Listener;
    std::unique_ptr<Listener> listener_;
};

}  // namespace djdb::http
