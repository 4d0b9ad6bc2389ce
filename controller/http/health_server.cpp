// Asio 1.18 forgets <utility>, a hard error in C++20; it has to come first.
#include "controller/http/health_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <stdexcept>
#include <thread>
#include <utility>

namespace djdb::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kConnections = 64;
constexpr std::uint32_t kHeaderLimit = 4096;
constexpr std::chrono::seconds kLimit{5};
constexpr std::chrono::milliseconds kPause{100};

class Session;
/// By age.
using Sessions = std::list<Session*>;

/// Keeps itself alive by the operation that it waits for.
class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(tcp::socket socket, const std::map<std::string, Check>& checks, Sessions& open)
        : stream_(std::move(socket)), checks_(checks), open_(open) {
        error_code gone;
        caller_ = stream_.socket().remote_endpoint(gone).address();
        open_.push_back(this);
        parser_.header_limit(kHeaderLimit);
        parser_.body_limit(std::uint64_t{0});
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { open_.remove(this); }

    [[nodiscard]] const asio::ip::address& caller() const { return caller_; }
    /// Its operation ends soon, and the session with it.
    void end() {
        open_.remove(this);
        stream_.close();
    }

    void start() {
        stream_.expires_after(kLimit);
        beast::http::async_read(
            stream_,
            buffer_,
            parser_,
            [self = shared_from_this()](const error_code& error, std::size_t) {
                if (!error) {
                    self->answer();
                }
            }
        );
    }

  private:
    void answer() {
        const auto& request = parser_.get();
        const auto check =
            checks_.find(std::string{request.target().substr(0, request.target().find('?'))});
        answer_.version(11);
        answer_.keep_alive(false);
        answer_.set(beast::http::field::content_type, "text/plain");
        if (request.method() != beast::http::verb::get) {
            answer_.result(beast::http::status::method_not_allowed);
        } else if (check == checks_.end()) {
            answer_.result(beast::http::status::not_found);
        } else {
            const bool good = check->second();
            answer_.result(
                good ? beast::http::status::ok : beast::http::status::service_unavailable
            );
            answer_.body() = good ? "ok\n" : "not ok\n";
        }
        answer_.prepare_payload();
        beast::http::async_write(
            stream_,
            answer_,
            [self = shared_from_this()](const error_code&, std::size_t) {
                error_code ignored;
                static_cast<void>(
                    self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored)
                );
            }
        );
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    beast::http::request_parser<beast::http::string_body> parser_;
    beast::http::response<beast::http::string_body> answer_;
    const std::map<std::string, Check>& checks_;
    Sessions& open_;
    asio::ip::address caller_;
};

/// The oldest of the caller that has most: whoever holds many makes room, and never the one who just
/// came with his first.
Session& least_missed(const Sessions& open) {
    std::map<asio::ip::address, std::size_t> counts;
    for (const auto* session : open) {
        ++counts[session->caller()];
    }
    return **std::ranges::max_element(open, {}, [&](const Session* session) {
        return counts.at(session->caller());
    });
}

}  // namespace

class HealthServer::Listener {
  public:
    Listener(const std::string& address, std::uint16_t port, std::map<std::string, Check> checks)
        : checks_(std::move(checks)) {
        try {
            const tcp::endpoint endpoint(asio::ip::make_address(address), port);
            acceptor_.open(endpoint.protocol());
            acceptor_.set_option(tcp::acceptor::reuse_address(true));
            acceptor_.bind(endpoint);
            acceptor_.listen();
        } catch (const boost::system::system_error& error) {
            throw std::runtime_error(
                "can't answer probes on " + address + ":" + std::to_string(port) + ": " +
                error.code().message()
            );
        }
        accept();
        thread_ = std::jthread([this] { io_.run(); });
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() {
        io_.stop();
        thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    void accept() {
        acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
            if (error) {
                // No descriptor is free, most likely; trying again immediately would be a busy loop.
                pause_.expires_after(kPause);
                pause_.async_wait([this](const error_code&) { accept(); });
                return;
            }
            if (open_.size() == kConnections) {
                least_missed(open_).end();
            }
            std::make_shared<Session>(std::move(socket), checks_, open_)->start();
            accept();
        });
    }

    std::map<std::string, Check> checks_;
    /// Before io_: sessions take themselves out when io_ is destroyed.
    Sessions open_;
    asio::io_context io_;
    tcp::acceptor acceptor_{io_};
    asio::steady_timer pause_{io_};
    std::jthread thread_;
};

HealthServer::HealthServer(
    const std::string& address, std::uint16_t port, std::map<std::string, Check> checks
)
    : listener_(std::make_unique<Listener>(address, port, std::move(checks))) {}

HealthServer::~HealthServer() = default;

std::uint16_t HealthServer::port() const {
    return listener_->port();
}

}  // namespace djdb::http
