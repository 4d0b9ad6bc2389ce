#include "controller/http/health_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace djdb::http {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

/// One connection to the server, read with a limit so that no test hangs.
class Caller {
  public:
    explicit Caller(const HealthServer& server, const std::string& from = "127.0.0.1")
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        ::inet_pton(AF_INET, from.c_str(), &own.sin_addr);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
        const timeval limit{.tv_sec = 30, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(server.port());
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("nobody listens");
        }
    }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    Caller(Caller&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
    Caller& operator=(Caller&&) = delete;
    ~Caller() { ::close(socket_); }

    void send(const std::string& bytes) const {
        ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    /// All until the server ends the connection; "open" when it does not in 30 seconds.
    [[nodiscard]] std::string receive() const {
        std::string all;
        std::array<char, 4096> bytes{};
        while (true) {
            const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
            if (size < 0 && errno == EAGAIN) {
                return "open";
            }
            if (size <= 0) {
                return all;
            }
            all.append(bytes.data(), static_cast<std::size_t>(size));
        }
    }

  private:
    int socket_;
};

class Probes : public ::testing::Test {
  protected:
    [[nodiscard]] std::string ask(const std::string& request) const {
        const Caller caller(server_);
        caller.send(request);
        return caller.receive();
    }
    [[nodiscard]] std::string get(const std::string& path) const {
        return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    std::atomic<bool> ready_ = false;
    HealthServer server_{
        "127.0.0.1",
        0,
        {{"/livez", [] { return true; }}, {"/readyz", [this] { return ready_.load(); }}}};
};

TEST_F(Probes, SayWhatTheChecksSay) {
    EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get("/readyz"), StartsWith("HTTP/1.1 503"));
    ready_ = true;
    EXPECT_THAT(get("/readyz?verbose"), EndsWith("ok\n"));
    EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(
        ask("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
        StartsWith("HTTP/1.1 405")
    );
}

TEST_F(Probes, EndAConnectionThatSendsTooMuchOrNoHttp) {
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nX: " + std::string(8192, 'x') + "\r\n\r\n"), "");
    EXPECT_EQ(ask("POST /livez HTTP/1.1\r\nContent-Length: 9\r\n\r\nnine byte"), "");
    EXPECT_EQ(ask("\x16\x03\x01 good day\r\n\r\n"), "");
    EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Probes, EndACallerThatSaysNothingAndAnswerOthersMeanwhile) {
    const Caller slow(server_);
    slow.send("GET /livez HTTP/1.1\r\n");
    EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(slow.receive(), "");
}

/// Whoever can reach the port holds as many connections as he likes, and says nothing.
TEST_F(Probes, AnswerTheKubeletWhileAnotherHoldsAllConnections) {
    std::vector<Caller> silent;
    for (int i = 0; i < 200; ++i) {
        silent.emplace_back(server_, "127.0.0.2");
        if (i % 20 == 0) {
            EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200")) << i << " are silent";
        }
    }
    EXPECT_EQ(silent.front().receive(), "") << "the one that waited longest made room";
}

TEST_F(Probes, AnswerTheKubeletWhileManyOthersHoldAllConnections) {
    std::vector<Caller> silent;
    for (int i = 2; i < 202; ++i) {
        silent.emplace_back(server_, "127.0.0." + std::to_string(i));
    }
    EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Probes, LetASlowCallerFinishWhileAnotherHoldsAllConnections) {
    const Caller slow(server_);
    slow.send("GET /livez HTTP/1.1\r\n");
    std::vector<Caller> silent;
    for (int i = 0; i < 200; ++i) {
        silent.emplace_back(server_, "127.0.0.2");
    }
    EXPECT_EQ(silent.front().receive(), "");
    slow.send("Host: x\r\n\r\n");
    EXPECT_THAT(slow.receive(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Probes, GoOnWhenDescriptorsWereExhausted) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const Caller caller(server_);
    EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200"));  // so the one above is accepted
    const int lowest_free = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    const rlimit none{
        .rlim_cur = static_cast<rlim_t>(lowest_free) + 1, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    ::close(lowest_free);
    const Caller waiting(server_);  // takes the last one, so that the server has none for it
    waiting.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    caller.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(caller.receive(), StartsWith("HTTP/1.1 200"));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_THAT(waiting.receive(), StartsWith("HTTP/1.1 200"));
}

TEST(HealthServer, AnAddressThatIsTakenIsNamed) {
    const HealthServer first("127.0.0.1", 0, {});
    try {
        const HealthServer second("127.0.0.1", first.port(), {});
        ADD_FAILURE() << "both listen";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(
            error.what(), ::testing::HasSubstr("127.0.0.1:" + std::to_string(first.port()))
        );
    }
}

}  // namespace
}  // namespace djdb::http
