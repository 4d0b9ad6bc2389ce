#include "controller/kube/transport/beast_transport.hpp"

#include "controller/kube/config/token_source.hpp"
#include "controller/kube/transport/beast_connection.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <mutex>

namespace djdb::kube {
namespace {

namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;

constexpr std::size_t kIdleConnections = 4;
constexpr std::uint64_t kBodyLimit = 256ULL * 1024 * 1024;
constexpr std::uint32_t kHeaderLimit = 64U * 1024;
constexpr std::size_t kLineLimit = 4ULL * 1024 * 1024;

http::request<http::string_body> message_of(
    const HttpRequest& request, const BeastEndpoint& endpoint
) {
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(endpoint.base_path + request.target);
    const bool is_v6 = endpoint.host.find(':') != std::string::npos;
    message.set(
        http::field::host, (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + endpoint.port
    );
    for (const auto& [name, value] : request.headers) {
        message.set(name, value);
    }
    message.body() = request.body;
    message.prepare_payload();
    return message;
}

HttpResponse answer_of(http::response<http::string_body>& message) {
    HttpResponse answer{
        .status = static_cast<int>(message.result_int()), .headers = {}, .body = {}};
    for (const auto& header : message) {
        std::string name{header.name_string()};
        std::ranges::transform(name, name.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        answer.headers[name] = std::string{header.value()};
    }
    answer.body = std::move(message.body());
    return answer;
}

void write(BeastConnection& connection, const HttpRequest& request, const CallContext& call) {
    auto message = message_of(request, connection.endpoint());
    const auto error =
        connection.run(call.deadline, call.stop, [&](BeastConnection::Stream& stream, auto done) {
            http::async_write(stream, message, done);
        });
    if (error) {
        throw transport_error(
            "Write", connection.endpoint().host, "request not sent: " + error.message()
        );
    }
}

Error read_error(const BeastConnection& connection, const std::string& what) {
    return transport_error("Read", connection.endpoint().host, "answer cut off: " + what);
}

class BeastTransport final : public Transport {
  public:
    explicit BeastTransport(const ClusterConfig& config)
        : dialer_(config), tokens_(config.token, config.token_file) {}

    HttpResponse send(const HttpRequest& request, const CallContext& call) override {
        auto answer = send_authorized(tokens_, request, [&](const HttpRequest& authorized) {
            return send_once(authorized, call);
        });
        if (answer.status == 401) {
            dialer_.doubt();
        }
        return answer;
    }

  private:
    HttpResponse send_once(const HttpRequest& request, const CallContext& call) {
        if (auto kept = take_idle()) {
            try {
                return exchange(std::move(kept), request, call);
            } catch (const Error& error) {
                // It may have been closed in the very moment. Only a GET may be sent twice.
                const auto& code = error.failure().code;
                if (request.method != "GET" || (code != "Write" && code != "Read")) {
                    throw;
                }
            }
        }
        return exchange(dialer_.dial(call), request, call);
    }

    HttpResponse exchange(
        std::unique_ptr<BeastConnection> connection,
        const HttpRequest& request,
        const CallContext& call
    ) {
        write(*connection, request, call);
        Parser parser;
        parser.body_limit(kBodyLimit);
        parser.header_limit(kHeaderLimit);
        const auto error = connection->run(
            call.deadline,
            call.stop,
            [&](BeastConnection::Stream& stream, auto done) {
                http::async_read(stream, connection->buffer(), parser, done);
            }
        );
        if (error) {
            throw read_error(*connection, error.message());
        }
        const bool keep = parser.get().keep_alive();
        auto answer = answer_of(parser.get());
        if (keep) {
            give_back(std::move(connection));
        }
        return answer;
    }

    std::unique_ptr<BeastConnection> take_idle() {
        const std::scoped_lock lock(mutex_);
        while (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            if (!connection->is_stale() && dialer_.is_current(*connection)) {
                return connection;
            }
        }
        return nullptr;
    }

    void give_back(std::unique_ptr<BeastConnection> connection) {
        const std::scoped_lock lock(mutex_);
        if (idle_.size() < kIdleConnections) {
            idle_.push_back(std::move(connection));
        }
    }

    BeastDialer dialer_;
    TokenSource tokens_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<BeastConnection>> idle_;
};

class BeastLineStream final : public LineStream {
  public:
    BeastLineStream(std::unique_ptr<BeastConnection> connection, std::unique_ptr<Parser> parser)
        : connection_(std::move(connection)), parser_(std::move(parser)) {}

    std::optional<std::string> next(std::chrono::milliseconds idle, std::stop_token stop) override {
        while (true) {
            const auto end = pending_.find('\n', searched_);
            if (std::min(end, pending_.size()) > kLineLimit) {
                throw transport_error(
                    "Oversize", connection_->endpoint().host, "a watch event above 4 MiB"
                );
            }
            if (end != std::string::npos) {
                auto line = pending_.substr(0, end);
                pending_.erase(0, end + 1);
                searched_ = 0;
                return line;
            }
            searched_ = pending_.size();
            if (parser_->is_done()) {
                return std::nullopt;
            }
            read_some(idle, stop);
        }
    }

  private:
    void read_some(std::chrono::milliseconds idle, const std::stop_token& stop) {
        const auto error = connection_->run(
            Deadline::in(idle),
            stop,
            [&](BeastConnection::Stream& stream, auto done) {
                http::async_read_some(stream, connection_->buffer(), *parser_, done);
            }
        );
        if (error) {
            throw read_error(*connection_, error.message());
        }
        auto& body = parser_->get().body();
        pending_ += body;
        body.clear();
    }

    std::unique_ptr<BeastConnection> connection_;
    std::unique_ptr<Parser> parser_;
    std::string pending_;
    /// Where the search for the line's end goes on, so that a long line is not searched again for
    /// each piece.
    std::size_t searched_ = 0;
};

class BeastWatchTransport final : public WatchTransport {
  public:
    explicit BeastWatchTransport(const ClusterConfig& config)
        : dialer_(config), tokens_(config.token, config.token_file) {}

    WatchAnswer open_watch(const HttpRequest& request, const CallContext& call) override {
        auto opened = send_authorized(tokens_, request, [&](const HttpRequest& authorized) {
            return open(authorized, call);
        });
        if (opened.answer.status == 401) {
            dialer_.doubt();
        }
        return opened;
    }

  private:
    WatchAnswer open(const HttpRequest& request, const CallContext& call) {
        auto connection = dialer_.dial(call);
        write(*connection, request, call);
        auto parser = std::make_unique<Parser>();
        parser->header_limit(kHeaderLimit);
        const auto read = [&](const auto& start) {
            if (const auto error = connection->run(call.deadline, call.stop, start)) {
                throw read_error(*connection, error.message());
            }
        };
        read([&](BeastConnection::Stream& stream, auto done) {
            http::async_read_header(stream, connection->buffer(), *parser, done);
        });
        if (parser->get().result_int() != 200) {
            parser->body_limit(kLineLimit);
            read([&](BeastConnection::Stream& stream, auto done) {
                http::async_read(stream, connection->buffer(), *parser, done);
            });
            return {.answer = answer_of(parser->get()), .lines = nullptr};
        }
        // A watch's body has no end; its lines are limited one by one.
        parser->body_limit(boost::none);
        auto answer = answer_of(parser->get());
        answer.body.clear();
        parser->get().body().clear();
        return {
            .answer = std::move(answer),
            .lines = std::make_unique<BeastLineStream>(std::move(connection), std::move(parser))};
    }

    BeastDialer dialer_;
    TokenSource tokens_;
};

}  // namespace

std::unique_ptr<Transport> make_beast_transport(const ClusterConfig& config) {
    return std::make_unique<BeastTransport>(config);
}

std::unique_ptr<WatchTransport> make_watch_transport(const ClusterConfig& config) {
    return std::make_unique<BeastWatchTransport>(config);
}

}  // namespace djdb::kube
