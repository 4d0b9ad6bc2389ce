#include "controller/kube/transport/beast_connection.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <chrono>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace djdb::kube {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::chrono::seconds kConnectLimit{5};
constexpr std::chrono::seconds kHandshakeLimit{5};

}  // namespace

Error transport_error(const std::string& code, const std::string& host, const std::string& what) {
    return Error(
        {.kind = FailureClass::Transient,
         .origin = FailureOrigin::Kubernetes,
         .code = code,
         .message = "API server " + host + ": " + what}
    );
}

BeastConnection::BeastConnection(
    std::shared_ptr<const BeastEndpoint> endpoint, const CallContext& call
)
    : endpoint_(std::move(endpoint)), stream_(io_, *endpoint_->tls) {
    connect(call);
    shake_hands(call);
}

void BeastConnection::connect(const CallContext& call) {
    const auto deadline = call.deadline.or_earlier(kConnectLimit);
    asio::ip::tcp::resolver resolver(io_);
    asio::ip::tcp::resolver::results_type addresses;
    auto error = run(deadline, call.stop, [&](Stream&, auto done) {
        resolver.async_resolve(
            endpoint_->host,
            endpoint_->port,
            [&addresses, done](const error_code& failed, auto found) mutable {
                addresses = std::move(found);
                done(failed);
            }
        );
    });
    if (!error) {
        error = run(deadline, call.stop, [&](Stream& stream, auto done) {
            beast::get_lowest_layer(stream).async_connect(addresses, done);
        });
    }
    if (error) {
        throw transport_error("Connect", endpoint_->host, "can't connect: " + error.message());
    }
    notice_dead_peers();
}

void BeastConnection::shake_hands(const CallContext& call) {
    if (!is_ip_literal(endpoint_->host)) {
        // SSL_set_tlsext_host_name is a macro with a C cast; this is what it says.
        auto name = endpoint_->host;
        SSL_ctrl(
            stream_.native_handle(),
            SSL_CTRL_SET_TLSEXT_HOSTNAME,
            TLSEXT_NAMETYPE_host_name,
            name.data()
        );
    }
    const auto error =
        run(call.deadline.or_earlier(kHandshakeLimit), call.stop, [](Stream& stream, auto done) {
            stream.async_handshake(asio::ssl::stream_base::client, done);
        });
    if (error) {
        const auto verdict = SSL_get_verify_result(stream_.native_handle());
        const std::string reason =
            verdict == X509_V_OK ? error.message() : X509_verify_cert_error_string(verdict);
        throw transport_error("Tls", endpoint_->host, "no verified TLS connection: " + reason);
    }
}

void BeastConnection::notice_dead_peers() {
    // Half-open connections were seen to live for 15 minutes (kubernetes#95981).
    const auto socket = beast::get_lowest_layer(stream_).socket().native_handle();
    const auto set = [socket](int level, int option, int value) {
        ::setsockopt(socket, level, option, &value, sizeof value);
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

void BeastConnection::close() {
    error_code ignored;
    static_cast<void>(beast::get_lowest_layer(stream_).socket().close(ignored));
}

void BeastConnection::refuse_if_over(const error_code& result, const std::stop_token& stop) const {
    if (stop.stop_requested()) {
        throw transport_error("Stopped", endpoint_->host, "given up because the operator stops");
    }
    if (result == beast::error::timeout) {
        throw transport_error("Timeout", endpoint_->host, "no answer in time");
    }
}

bool BeastConnection::is_stale() {
    pollfd socket{
        .fd = beast::get_lowest_layer(stream_).socket().native_handle(),
        .events = POLLIN,
        .revents = 0};
    return buffer_.size() > 0 || ::poll(&socket, 1, 0) != 0;
}

BeastDialer::BeastDialer(const ClusterConfig& config)
    : host_(config.host),
      port_(std::to_string(config.port)),
      base_path_(config.base_path),
      source_(config) {}

std::shared_ptr<const BeastEndpoint> BeastDialer::endpoint() {
    auto material = source_.current();
    const std::scoped_lock lock(mutex_);
    if (!endpoint_ || endpoint_->material != material) {
        auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
        material->apply(tls->native_handle(), host_);
        endpoint_ = std::make_shared<const BeastEndpoint>(BeastEndpoint{
            host_, port_, base_path_, std::move(material), std::move(tls)});
    }
    return endpoint_;
}

std::unique_ptr<BeastConnection> BeastDialer::dial(const CallContext& call) {
    try {
        return std::make_unique<BeastConnection>(endpoint(), call);
    } catch (const Error& error) {
        if (error.failure().code == "Tls") {
            source_.doubt();
        }
        throw;
    }
}

bool BeastDialer::is_current(const BeastConnection& connection) {
    return connection.endpoint().material == source_.current();
}

}  // namespace djdb::kube
