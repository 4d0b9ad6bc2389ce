#include "controller/postgres/session/receive_limit.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace djdb::postgres {

std::uint64_t ReceiveLimit::received(int socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    const bool is_tcp = ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    return is_tcp ? info.tcpi_bytes_received : 0;
}

}  // namespace djdb::postgres
