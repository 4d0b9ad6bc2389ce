#include "controller/postgres/diagnosis/tcp_probe.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace djdb::postgres {
namespace {

TcpProbe connect_to(const sockaddr* address, socklen_t size, const Deadline& deadline) {
    Socket socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) {
        return {{}, errno};
    }
    if (::connect(socket.descriptor(), address, size) == 0) {
        return {std::move(socket), 0};
    }
    if (errno != EINPROGRESS) {
        return {{}, errno};
    }
    if (!wait_for_socket(socket.descriptor(), true, deadline)) {
        return {{}, ETIMEDOUT};
    }
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error == 0 ? TcpProbe{std::move(socket), 0} : TcpProbe{{}, error};
}

TcpProbe connect_to_path(const std::string& path, const Deadline& deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return {{}, ENAMETOOLONG};
    }
    path.copy(address.sun_path, path.size());
    return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
}

TcpProbe connect_to_number(
    const std::string& address, const std::string& port, const Deadline& deadline
) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), port.c_str(), &hints, &found) != 0) {
        return {{}, EADDRNOTAVAIL};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    return connect_to(found->ai_addr, found->ai_addrlen, deadline);
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

Socket::~Socket() {
    if (is_open()) {
        ::close(descriptor_);
    }
}

bool wait_for_socket(int descriptor, bool for_write, const Deadline& deadline) {
    pollfd entry{descriptor, static_cast<short>(for_write ? POLLOUT : POLLIN), 0};
    return ::poll(&entry, 1, static_cast<int>(deadline.left().count())) > 0;
}

TcpProbe probe_tcp(
    const Endpoint& to, const std::vector<std::string>& addresses, const Deadline& deadline
) {
    if (to.is_socket()) {
        return connect_to_path(address_of(to), deadline);
    }
    TcpProbe last{{}, EADDRNOTAVAIL};
    for (const auto& address : addresses) {
        last = connect_to_number(address, std::to_string(to.server.port), deadline);
        if (last.socket.is_open()) {
            break;
        }
    }
    return last;
}

}  // namespace djdb::postgres
