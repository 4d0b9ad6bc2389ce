// How much a server may send for one thing that we ask: no honest answer is that long, and libpq keeps
// all of it in memory, up to five times as much where it is many small cells; so do we again. One
// thread at a time uses a limit.
#pragma once

#include <cstdint>
#include <string>

namespace djdb::postgres {

class ReceiveLimit {
  public:
    /// Of what arrives at a network socket, TLS included: all tenants of a server in one answer.
    static constexpr std::uint64_t kMost = 16U << 20U;
    /// One tenant, who fills what is read there as he likes; and any login.
    static constexpr std::uint64_t kMostOfOne = 2U << 20U;

    explicit ReceiveLimit(std::uint64_t most) : most_(most) {}

    /// Another question: what came before is forgotten.
    void restart(int socket) { before_ = received(socket); }
    [[nodiscard]] bool is_exceeded(int socket) const { return received(socket) - before_ > most_; }
    /// "2 MiB"
    [[nodiscard]] std::string text() const { return std::to_string(most_ >> 20U) + " MiB"; }

  private:
    /// Since the connection began, as the kernel counts; 0 on a Unix socket, whose server is not
    /// doubted.
    static std::uint64_t received(int socket);

    std::uint64_t most_;
    std::uint64_t before_ = 0;
};

}  // namespace djdb::postgres
