// Stands between a client and a server on loopback, so that a test can take the network away. Owns
// one thread. Passes bytes on unread: TLS is between the two ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <thread>

namespace djdb::support {

class TcpRelay {
  public:
    explicit TcpRelay(std::uint16_t upstream);
    TcpRelay(const TcpRelay&) = delete;
    TcpRelay& operator=(const TcpRelay&) = delete;
    ~TcpRelay();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Ends all connections and every new one; nothing passes any more when it returns.
    void cut();
    void restore() { open_ = true; }
    /// The connections stay, and the server gets no answer on them any more, not even to a packet: the
    /// node of the client is lost.
    void lose() { lost_ = true; }
    /// New connections go to this server; those that there are stay where they are.
    void lead_to(std::uint16_t upstream) { upstream_ = upstream; }

  private:
    struct Pair {
        int client = -1;
        int server = -1;
    };
    void run(const std::stop_token& stop);
    void accept_one();
    void end(const Pair& pair);
    void silence();

    std::atomic<std::uint16_t> upstream_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::atomic<bool> open_ = true;
    std::atomic<bool> lost_ = false;
    std::atomic<std::size_t> joined_ = 0;
    std::list<Pair> pairs_;
    std::jthread thread_;
};

}  // namespace djdb::support
