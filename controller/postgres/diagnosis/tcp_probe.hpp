// A connection of our own, for what libpq does not tell: why nobody could be reached.
#pragma once

#include "controller/postgres/session/endpoint.hpp"
#include "reconcilers/ports/call_context.hpp"

#include <string>
#include <vector>

namespace djdb::postgres {

/// A connected, non-blocking socket, or none. Closed at the end.
class Socket {
  public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket();

    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

struct TcpProbe {
    Socket socket;
    /// Why there is none; 0 when there is.
    int error = 0;
};

/// Tries the addresses in turn, each until the deadline.
/// @return the first connection, else ETIMEDOUT or the last address' error
TcpProbe probe_tcp(const Endpoint&, const std::vector<std::string>& addresses, const Deadline&);

/// Waits until the socket can be read (or written), or false at the deadline.
bool wait_for_socket(int descriptor, bool for_write, const Deadline&);

}  // namespace djdb::postgres
