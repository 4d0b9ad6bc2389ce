#include "tests/support/tcp_relay.hpp"

#include <array>
#include <chrono>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace djdb::support {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

void wait_for_stop(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
}

/// @return false at the end of either side
bool pass_on(int from, int to) {
    std::array<char, 65536> bytes{};
    const auto size = ::recv(from, bytes.data(), bytes.size(), 0);
    for (ssize_t sent = 0; sent < size;) {
        const auto more =
            ::send(to, bytes.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (more <= 0) {
            return false;
        }
        sent += more;
    }
    return size > 0;
}

}  // namespace

TcpRelay::TcpRelay(std::uint16_t upstream)
    : upstream_(upstream), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("the relay can't listen on loopback");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

TcpRelay::~TcpRelay() {
    thread_.request_stop();
    thread_.join();
    for (const auto& pair : pairs_) {
        end(pair);
    }
    ::close(listener_);
}

void TcpRelay::cut() {
    open_ = false;
    while (joined_ > 0) {
        std::this_thread::yield();
    }
}

void TcpRelay::end(const Pair& pair) {
    ::close(pair.client);
    ::close(pair.server);
}

/// The kernel drops what comes for these sockets before TCP has seen it.
void TcpRelay::silence() {
    sock_filter drop{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
    const sock_fprog program{.len = 1, .filter = &drop};
    for (const auto& pair : pairs_) {
        if (::setsockopt(pair.server, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) !=
            0) {
            throw std::runtime_error("the relay can't silence its sockets");
        }
    }
}

void TcpRelay::accept_one() {
    const Pair pair{
        ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC),
        ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = loopback(upstream_);
    ++joined_;  // before the look at open_, so that cut() waits for this one too
    const bool joined =
        open_ &&
        ::connect(pair.server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (joined) {
        pairs_.push_back(pair);
    } else {
        end(pair);
    }
}

void TcpRelay::run(const std::stop_token& stop) {
    constexpr int kLookAgainMs = 10;
    while (!stop.stop_requested()) {
        if (!open_) {
            for (const auto& pair : pairs_) {
                end(pair);
            }
            pairs_.clear();
        }
        if (lost_) {
            silence();
            wait_for_stop(stop);
            return;
        }
        joined_ = pairs_.size();
        std::vector<pollfd> sockets{{.fd = listener_, .events = POLLIN, .revents = 0}};
        for (const auto& pair : pairs_) {
            sockets.push_back({.fd = pair.client, .events = POLLIN, .revents = 0});
            sockets.push_back({.fd = pair.server, .events = POLLIN, .revents = 0});
        }
        ::poll(sockets.data(), sockets.size(), kLookAgainMs);
        std::size_t next = 1;
        for (auto pair = pairs_.begin(); pair != pairs_.end(); next += 2) {
            const bool lives =
                (sockets[next].revents == 0 || pass_on(pair->client, pair->server)) &&
                (sockets[next + 1].revents == 0 || pass_on(pair->server, pair->client));
            if (!lives) {
                end(*pair);
            }
            pair = lives ? std::next(pair) : pairs_.erase(pair);
        }
        if (sockets[0].revents != 0) {
            accept_one();
        }
    }
}

}  // namespace djdb::support
