// One TLS connection that the calling thread drives: each operation runs the connection's own
// io_context until it is done, the deadline passes or stop is requested. Only beast_*.cpp include
// this. One thread at a time.
#pragma once

// Asio 1.18 forgets <utility>, a hard error in C++20; it has to come first.
#include "controller/kube/config/config.hpp"
#include "controller/kube/config/tls_source.hpp"
#include "reconcilers/ports/call_context.hpp"
#include "reconcilers/ports/failure.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

namespace djdb::kube {

/// Shared by all connections to one server that trust the same material.
struct BeastEndpoint {
    std::string host;
    std::string port;
    std::string base_path;
    std::shared_ptr<const TlsMaterial> material;
    std::unique_ptr<boost::asio::ssl::context> tls;
};

Error transport_error(const std::string& code, const std::string& host, const std::string& what);

class BeastConnection {
  public:
    using Stream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

    /// Connects within 5 s and shakes hands within 5 s more.
    /// @throws Error "Connect", "Tls", "Timeout" or "Stopped"
    BeastConnection(std::shared_ptr<const BeastEndpoint> endpoint, const CallContext& call);
    BeastConnection(const BeastConnection&) = delete;
    BeastConnection& operator=(const BeastConnection&) = delete;
    ~BeastConnection() = default;

    /// Runs one asynchronous operation to its end. `start(stream, done)` starts it; done takes an
    /// error_code.
    /// @return the operation's own error, for the caller to judge; @throws Error "Timeout" or
    /// "Stopped"
    template <class Start>
    boost::system::error_code run(
        Deadline deadline, const std::stop_token& stop, const Start& start
    ) {
        boost::system::error_code result = boost::asio::error::would_block;
        boost::beast::get_lowest_layer(stream_).expires_at(deadline.at());
        io_.restart();
        start(stream_, [&result](boost::system::error_code error, auto&&...) { result = error; });
        {
            // Closing, not cancelling: an operation between two of its parts would miss a
            // cancellation.
            const std::stop_callback wake(stop, [this] {
                boost::asio::post(io_, [this] { close(); });
            });
            io_.run();
        }
        refuse_if_over(result, stop);
        return result;
    }

    /// The peer has closed it, or sent something that nobody asked for: a request on it would be
    /// lost.
    [[nodiscard]] bool is_stale();
    [[nodiscard]] boost::beast::flat_buffer& buffer() { return buffer_; }
    [[nodiscard]] const BeastEndpoint& endpoint() const { return *endpoint_; }

  private:
    void connect(const CallContext& call);
    void shake_hands(const CallContext& call);
    void notice_dead_peers();
    void close();
    void refuse_if_over(const boost::system::error_code& result, const std::stop_token& stop) const;

    std::shared_ptr<const BeastEndpoint> endpoint_;
    boost::asio::io_context io_;
    Stream stream_;
    boost::beast::flat_buffer buffer_;
};

/// Opens connections with the TLS material that holds now. Any thread may call.
class BeastDialer {
  public:
    /// @throws ConfigError
    explicit BeastDialer(const ClusterConfig& config);

    /// @throws Error as BeastConnection
    std::unique_ptr<BeastConnection> dial(const CallContext& call);
    /// Whether the connection was made with the material that holds now.
    [[nodiscard]] bool is_current(const BeastConnection& connection);
    void doubt() { source_.doubt(); }

  private:
    std::shared_ptr<const BeastEndpoint> endpoint();

    const std::string host_;
    const std::string port_;
    const std::string base_path_;
    TlsSource source_;
    std::mutex mutex_;
    std::shared_ptr<const BeastEndpoint> endpoint_;
};

}  // namespace djdb::kube
