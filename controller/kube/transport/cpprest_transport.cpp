// The hazards of cpprestsdk that shape this file are listed in README.md with rule and test; their
// numbers stand beside the lines that answer them.
#include "controller/kube/transport/cpprest_transport.hpp"

#include "controller/kube/config/tls_source.hpp"
#include "controller/kube/config/token_source.hpp"
#include "reconcilers/ports/failure.hpp"

#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <openssl/crypto.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace djdb::kube {
namespace {

namespace rest = web::http;

constexpr std::uint64_t kBodyLimit = 256ULL * 1024 * 1024;

Error failed(const std::string& code, const std::string& host, const std::string& what) {
    return Error(
        {.kind = FailureClass::Transient,
         .origin = FailureOrigin::Kubernetes,
         .code = code,
         .message = "API server " + host + ": " + what}
    );
}

/// Hazard 6: the codes are flattened, but each message of the library belongs to one phase. What is
/// not known to have failed before the request was sent may have been done: "Read".
std::string phase_of(const std::string& message) {
    const auto says = [&message](const char* start) { return message.starts_with(start); };
    if (says("Error in SSL handshake")) {
        return "Tls";
    }
    if (says("Failed to connect") || says("Error resolving") || says("Failed to resolve")) {
        return "Connect";
    }
    return says("Failed to write") ? "Write" : "Read";
}

/// Shared by the caller and the continuation; whichever is last lets it go.
struct Exchange {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool is_over = false;
    HttpResponse answer;
    std::string error;

    void finish(HttpResponse received, std::string failure) {
        const std::scoped_lock lock(mutex);
        answer = std::move(received);
        error = std::move(failure);
        is_over = true;
        changed.notify_all();
    }
};

HttpResponse answer_of(const rest::http_response& response, std::vector<unsigned char> body) {
    HttpResponse answer{.status = response.status_code(), .headers = {}, .body = {}};
    for (const auto& [name, value] : response.headers()) {
        std::string lower = name;
        std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        answer.headers[lower] = value;
    }
    answer.body.assign(body.begin(), body.end());
    return answer;
}

/// Hazard 7: the library sends a request again when a kept-alive connection ends before the status
/// line, whatever the method, if it can rewind the body. This one can't be.
concurrency::streams::istream once_readable(const std::string& body) {
    concurrency::streams::producer_consumer_buffer<unsigned char> buffer(body.size());
    const std::vector<unsigned char> bytes(body.begin(), body.end());
    // Copies, and is done when it returns; nothing is waited for.
    buffer.putn_nocopy(bytes.data(), bytes.size()).wait();
    buffer.close(std::ios_base::out).wait();
    return buffer.create_istream();
}

class CpprestTransport final : public Transport {
  public:
    explicit CpprestTransport(const ClusterConfig& config)
        : host_(config.host),
          base_path_(config.base_path),
          server_(uri_of(config)),
          tokens_(config.token, config.token_file),
          tls_(config) {}

    HttpResponse send(const HttpRequest& request, const CallContext& call) override {
        auto answer = send_authorized(tokens_, request, [&](const HttpRequest& authorized) {
            return send_once(authorized, call);
        });
        if (answer.status == 401) {
            tls_.doubt();
        }
        return answer;
    }

  private:
    using HttpClient = rest::client::http_client;

    static web::uri uri_of(const ClusterConfig& config) {
        // Hazard 5.
        if (config.host.find(':') != std::string::npos) {
            throw ConfigError(
                "cpprestsdk can't reach the IPv6 address " + config.host +
                "; use a DNS name or the beast transport"
            );
        }
        return web::uri_builder()
            .set_scheme("https")
            .set_host(config.host)
            .set_port(config.port)
            .to_uri();
    }

    rest::client::http_client_config settings_for(const std::shared_ptr<const TlsMaterial>& material
    ) const {
        rest::client::http_client_config settings;
        settings.set_max_redirects(0);  // hazard 8: the token would go along
        settings.set_timeout(std::chrono::seconds{30});
        settings.set_tlsext_sni_enabled(!is_ip_literal(host_));
        // Hazards 3 and 4: our roots in place of the system's, our name check in front of theirs.
        settings.set_ssl_context_callback([material, host = host_](boost::asio::ssl::context& tls) {
            material->apply(tls.native_handle(), host);
        });
        return settings;
    }

    /// A client trusts what it was made with, so a rotation makes a new one. The one before stays
    /// until the next rotation: it must not die under a call that ends late (hazard 12).
    std::shared_ptr<HttpClient> client() {
        auto material = tls_.current();
        const std::scoped_lock lock(mutex_);
        if (!client_ || material_ != material) {
            previous_ = std::move(client_);
            client_ = std::make_shared<HttpClient>(server_, settings_for(material));
            material_ = std::move(material);
        }
        return client_;
    }

    rest::http_request message_of(const HttpRequest& request) const {
        rest::http_request message(request.method);
        message.set_request_uri(web::uri(base_path_ + request.target));
        for (const auto& [name, value] : request.headers) {
            message.headers().add(name, value);
        }
        if (!request.body.empty()) {
            message.set_body(
                once_readable(request.body), request.body.size(), message.headers().content_type()
            );
        }
        message.set_progress_handler([](rest::message_direction::direction way, auto bytes) {
            if (way == rest::message_direction::download && bytes > kBodyLimit) {
                throw std::runtime_error("the answer is above 256 MiB");
            }
        });
        return message;
    }

    HttpResponse send_once(const HttpRequest& request, const CallContext& call) {
        const auto exchange = std::make_shared<Exchange>();
        const pplx::cancellation_token_source cancel;
        start(message_of(request), exchange, cancel.get_token());

        std::unique_lock lock(exchange->mutex);
        const auto is_over = [&exchange] { return exchange->is_over; };
        // Hazard 9: the library's timeout starts again with each piece; this one is the caller's.
        if (!exchange->changed.wait_until(lock, call.stop, call.deadline.at(), is_over)) {
            lock.unlock();
            cancel.cancel();
            const bool stopped = call.stop.stop_requested();
            throw failed(
                stopped ? "Stopped" : "Timeout",
                host_,
                stopped ? "given up because the operator stops" : "no answer in time"
            );
        }
        if (!exchange->error.empty()) {
            const auto phase = phase_of(exchange->error);
            if (phase == "Tls") {
                tls_.doubt();
            }
            throw failed(phase, host_, exchange->error);
        }
        return std::move(exchange->answer);
    }

    void start(
        const rest::http_request& message,
        const std::shared_ptr<Exchange>& exchange,
        const pplx::cancellation_token& token
    ) {
        // Hazard 1: no continuation blocks; the caller waits on a condition variable of ours.
        client()
            ->request(message, token)
            .then([exchange](const rest::http_response& response) {
                return response.extract_vector().then([response](
                                                          const std::vector<unsigned char>& body
                                                      ) { return answer_of(response, body); });
            })
            .then([exchange](const pplx::task<HttpResponse>& done) {
                try {
                    // Finished already: a task-based continuation does not block here.
                    exchange->finish(done.get(), {});
                } catch (const std::exception& error) {
                    exchange->finish({}, error.what());
                }
            });
    }

    std::string host_;
    std::string base_path_;
    web::uri server_;
    TokenSource tokens_;
    TlsSource tls_;
    std::mutex mutex_;
    std::shared_ptr<const TlsMaterial> material_;
    std::shared_ptr<HttpClient> client_;
    std::shared_ptr<HttpClient> previous_;
};

}  // namespace

void prepare_cpprest() {
    static const bool kDone = [] {
        // Hazard 3: the system's roots are loaded for each connection before our callback can drop
        // them, which takes ten times as long as the rest (46 ms). Nothing of ours trusts them.
        ::setenv("SSL_CERT_FILE", "/dev/null", 1);
        ::setenv("SSL_CERT_DIR", "/dev/null", 1);
        crossplat::threadpool::initialize_with_threads(4);  // hazard 2
        // Hazard 14: the threads end with the library's statics. OpenSSL would end before them, and what it keeps
        // for each of them would be lost.
        OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
        return true;
    }();
    static_cast<void>(kDone);
}

std::unique_ptr<Transport> make_cpprest_transport(const ClusterConfig& config) {
    return std::make_unique<CpprestTransport>(config);
}

}  // namespace djdb::kube
