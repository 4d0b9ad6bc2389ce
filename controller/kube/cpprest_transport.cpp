// cpprestsdk's hazards (numbers of the design note) and what is done here about each:
//  1 blocking in a continuation stops the pool  -> none blocks; callers wait on a condition
//  variable of ours 2 40 threads                                 -> limit_cpprest_threads, first in
//  main 3 system roots, 4 CN accepted                -> TlsMaterial::apply in the ssl callback
//  replaces store and name check 5 IPv6 literals                              -> refused with a
//  message at construction 6 flat error codes                           -> classified by the phase
//  that the message names 7 POST on a stale connection                 -> never sent again here;
//  the outcome is Transient 8 redirects with the token                   -> max_redirects 0 9 one
//  timeout for all                        -> own deadline by cancellation; nothing long-lived runs
//  here
// 10 U()                                        -> _TURN_OFF_PLATFORM_STRING for the whole build
// 11 Asio symbols                               -> one Boost for everything
// 12 destruction while requests run             -> the transport lives as long as the program
// 13 compile time                               -> this file alone includes it
#include "controller/kube/cpprest_transport.hpp"

#include "controller/kube/tls_material.hpp"
#include "controller/kube/token_source.hpp"
#include "reconcilers/failure.hpp"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <mutex>

namespace djdb::kube {
namespace {

namespace rest = web::http;

Error failed(const std::string& code, const std::string& host, const std::string& what) {
    return Error(
        {.kind = FailureClass::Transient,
         .origin = FailureOrigin::Kubernetes,
         .code = code,
         .message = "API server " + host + ": " + what}
    );
}

/// cpprestsdk flattens its codes; the message says in which phase it happened.
std::string phase_of(const std::string& message) {
    const auto says = [&message](const char* part) {
        return message.find(part) != std::string::npos;
    };
    if (says("SSL handshake") || says("certificate")) {
        return "Tls";
    }
    if (says("connect") || says("resolving")) {
        return "Connect";
    }
    if (says("write")) {
        return "Write";
    }
    return says("timed out") || says("timeout") ? "Timeout" : "Read";
}

/// Shared by the caller and the continuation; whichever is last lets it go.
struct Exchange {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool is_over = false;
    HttpResponse answer;
    std::string error;

    void finish(HttpResponse received, std::string failure) {
        const std::lock_guard lock(mutex);
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

class CpprestTransport final : public Transport {
  public:
    explicit CpprestTransport(const ClusterConfig& config)
        : host_(config.host),
          base_path_(config.base_path),
          tokens_(config.token, config.token_file),
          material_(std::make_shared<TlsMaterial>(
              config.ca_pem, config.client_certificate_pem, config.client_key_pem
          )),
          client_(uri_of(config), settings()) {}

    HttpResponse send(const HttpRequest& request, const CallContext& call) override {
        return send_authorized(tokens_, request, [&](const HttpRequest& authorized) {
            return send_once(authorized, call);
        });
    }

  private:
    static web::uri uri_of(const ClusterConfig& config) {
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

    rest::client::http_client_config settings() const {
        rest::client::http_client_config settings;
        settings.set_max_redirects(0);
        settings.set_timeout(std::chrono::seconds{30});
        settings.set_tlsext_sni_enabled(!is_ip_literal(host_));
        settings.set_ssl_context_callback([material = material_,
                                           host = host_](boost::asio::ssl::context& tls) {
            material->apply(tls.native_handle(), host);
        });
        return settings;
    }

    rest::http_request message_of(const HttpRequest& request) const {
        rest::http_request message(request.method);
        message.set_request_uri(web::uri(base_path_ + request.target));
        for (const auto& [name, value] : request.headers) {
            message.headers().add(name, value);
        }
        if (!request.body.empty()) {
            const auto type = message.headers().content_type();
            message.set_body(std::vector<unsigned char>(request.body.begin(), request.body.end()));
            message.headers().set_content_type(type);
        }
        return message;
    }

    HttpResponse send_once(const HttpRequest& request, const CallContext& call) {
        const auto exchange = std::make_shared<Exchange>();
        pplx::cancellation_token_source cancel;
        start(message_of(request), exchange, cancel.get_token());

        std::unique_lock lock(exchange->mutex);
        const auto is_over = [&exchange] { return exchange->is_over; };
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
            throw failed(phase_of(exchange->error), host_, exchange->error);
        }
        return std::move(exchange->answer);
    }

    void start(
        const rest::http_request& message,
        const std::shared_ptr<Exchange>& exchange,
        const pplx::cancellation_token& token
    ) {
        client_.request(message, token)
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
    TokenSource tokens_;
    std::shared_ptr<const TlsMaterial> material_;
    rest::client::http_client client_;
};

}  // namespace

void limit_cpprest_threads() {
    static const bool done = [] {
        crossplat::threadpool::initialize_with_threads(4);
        return true;
    }();
    static_cast<void>(done);
}

std::unique_ptr<Transport> make_cpprest_transport(const ClusterConfig& config) {
    return std::make_unique<CpprestTransport>(config);
}

}  // namespace djdb::kube
