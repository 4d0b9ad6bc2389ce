// How much a server may send for one thing that we ask: no honest answer is that long, and libpq keeps
// all of it in memory. One thread at a time uses a limit.
#pragma once

#include <cstdint>

namespace djdb::postgres {

class ReceiveLimit {
  public:
    /// 16 MiB of what arrives at a network socket, TLS included.
    static constexpr std::uint64_t kMost = 16U << 20U;

    /// Another question: what came before is forgotten.
    void restart(int socket) { before_ = received(socket); }
    [[nodiscard]] bool is_exceeded(int socket) const { return received(socket) - before_ > kMost; }

  private:
    /// Since the connection began, as the kernel counts; 0 on a Unix socket, whose server is not
    /// doubted.
    static std::uint64_t received(int socket);

    std::uint64_t before_ = 0;
};

}  // namespace djdb::postgres
