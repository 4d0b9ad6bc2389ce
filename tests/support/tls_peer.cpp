#include "tests/support/tls_peer.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <csignal>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace djdb::support {
namespace {

struct Free {
    void operator()(X509* value) const { X509_free(value); }
    void operator()(EVP_PKEY* value) const { EVP_PKEY_free(value); }
    void operator()(SSL_CTX* value) const { SSL_CTX_free(value); }
    void operator()(SSL* value) const { SSL_free(value); }
    void operator()(BIO* value) const { BIO_free_all(value); }
};
constexpr long kHour = 3600;

using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

void extend(X509* certificate, int nid, const std::string& value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    if (extension == nullptr) {
        throw std::runtime_error("OpenSSL refuses the extension " + value);
    }
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Certificate certificate_of(const std::string& name, EVP_PKEY* key, long from, long until) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
    X509_set_pubkey(certificate.get(), key);
    const std::vector<unsigned char> text(name.begin(), name.end());
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(certificate.get()),
        "CN",
        MBSTRING_ASC,
        text.data(),
        static_cast<int>(text.size()),
        -1,
        0
    );
    return certificate;
}

template <class Write>
std::string pem_of(const Write& write) {
    const std::unique_ptr<BIO, Free> output(BIO_new(BIO_s_mem()));
    write(output.get());
    std::array<char, 8192> text{};
    const int size = BIO_read(output.get(), text.data(), static_cast<int>(text.size()));
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

struct TlsPeer::Tls {
    explicit Tls(const PeerSetup& setup);

    std::unique_ptr<SSL_CTX, Free> context{SSL_CTX_new(TLS_server_method())};
    std::string ca_pem;
};

TlsPeer::Tls::Tls(const PeerSetup& setup) {
    const Key ca_key(EVP_EC_gen("P-256"));
    const auto ca = certificate_of("test CA", ca_key.get(), -2 * kHour, 2 * kHour);
    X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
    extend(ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(ca.get(), ca_key.get(), EVP_sha256());
    ca_pem = pem_of([&](BIO* output) { PEM_write_bio_X509(output, ca.get()); });

    const Key key(EVP_EC_gen("P-256"));
    const auto leaf =
        certificate_of(setup.common_name, key.get(), -2 * kHour, setup.expired ? -kHour : kHour);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get()));
    if (!setup.alternative_name.empty()) {
        extend(leaf.get(), NID_subject_alt_name, setup.alternative_name);
    }
    X509_sign(leaf.get(), ca_key.get(), EVP_sha256());
    SSL_CTX_use_certificate(context.get(), leaf.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    // Asks for a client certificate and takes any: only its name is of interest.
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    if (setup.old_tls) {
        SSL_CTX_set_security_level(context.get(), 0);
        SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
}

ClientIdentity make_client(const std::string& name) {
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate = certificate_of(name, key.get(), -kHour, kHour);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    return {
        pem_of([&](BIO* output) { PEM_write_bio_X509(output, certificate.get()); }),
        pem_of([&](BIO* output) {
            PEM_write_bio_PrivateKey(output, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        })};
}

class TlsPeer::Connection final : public PeerConnection {
  public:
    Connection(TlsPeer& peer, SSL* stream) : peer_(peer), stream_(stream) {}

    std::string read_request() override {
        std::string text;
        std::size_t wanted = std::string::npos;
        while (text.size() < wanted) {
            std::array<char, 4096> piece{};
            const int size = SSL_read(stream_, piece.data(), static_cast<int>(piece.size()));
            if (size <= 0) {
                return {};
            }
            text.append(piece.data(), static_cast<std::size_t>(size));
            if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
                wanted = end + 4 + length_in(text.substr(0, end));
            }
        }
        const std::scoped_lock lock(peer_.mutex_);
        peer_.requests_.push_back(text);
        return text;
    }
    std::string read_some() override {
        std::array<char, 4096> piece{};
        const int size = SSL_read(stream_, piece.data(), static_cast<int>(piece.size()));
        if (size <= 0) {
            return {};
        }
        const std::scoped_lock lock(peer_.mutex_);
        return peer_.requests_.emplace_back(piece.data(), static_cast<std::size_t>(size));
    }
    bool write(const std::string& bytes) override {
        return SSL_write(stream_, bytes.data(), static_cast<int>(bytes.size())) > 0;
    }
    void reset() override {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(SSL_get_fd(stream_), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    void wait_for_close() override {
        char ignored = 0;
        while (SSL_read(stream_, &ignored, 1) > 0) {
        }
    }

  private:
    static std::size_t length_in(std::string head) {
        for (auto& c : head) {
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        const auto at = head.find("content-length:");
        return at == std::string::npos ? 0 : std::stoul(head.substr(at + 15));
    }

    TlsPeer& peer_;
    SSL* stream_;
};

TlsPeer::TlsPeer(PeerSetup setup, Script script)
    : setup_(std::move(setup)),
      script_(std::move(script)),
      tls_(std::make_shared<const Tls>(setup_)) {
    std::signal(SIGPIPE, SIG_IGN);  // a client that hangs up must not end the test program
    listen();
    thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
}

TlsPeer::~TlsPeer() {
    thread_.request_stop();
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    {
        const std::scoped_lock lock(mutex_);
        for (const int socket : open_) {
            ::shutdown(socket, SHUT_RDWR);
        }
    }
    connections_.clear();
    ::close(listener_);
}

void TlsPeer::listen() {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    auto* address =
        setup_.ipv6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = setup_.ipv6 ? sizeof v6 : sizeof v4;
    listener_ = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, address, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, address, &size) != 0) {
        throw std::runtime_error("the TLS peer can't listen on loopback");
    }
    port_ = ntohs(setup_.ipv6 ? v6.sin6_port : v4.sin_port);
}

void TlsPeer::rotate() {
    auto next = std::make_shared<const Tls>(setup_);
    const std::scoped_lock lock(mutex_);
    tls_ = std::move(next);
}

std::string TlsPeer::ca_pem() const {
    const std::scoped_lock lock(mutex_);
    return tls_->ca_pem;
}

std::vector<std::string> TlsPeer::requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
}

std::vector<std::string> TlsPeer::client_names() const {
    const std::scoped_lock lock(mutex_);
    return client_names_;
}

void TlsPeer::serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) {
            continue;
        }
        {
            const std::scoped_lock lock(mutex_);
            open_.insert(socket);
        }
        connections_.emplace_back([this, socket] {
            play(socket);
            const std::scoped_lock lock(mutex_);
            open_.erase(socket);
            ::close(socket);
        });
    }
}

void TlsPeer::play(int socket) {
    std::array<char, 64> ignored{};
    if (setup_.handshake == Handshake::Plain) {
        static_cast<void>(::recv(socket, ignored.data(), ignored.size(), 0));
        const auto answer = http_answer("400 Bad Request", "this is no TLS");
        static_cast<void>(::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL));
        return;
    }
    if (setup_.handshake == Handshake::Silent) {
        while (::recv(socket, ignored.data(), ignored.size(), 0) > 0) {
        }
        return;
    }
    if (setup_.handshake == Handshake::OnRequest) {
        constexpr ssize_t kLength = 8;
        if (::recv(socket, ignored.data(), kLength, MSG_WAITALL) != kLength ||
            ::send(socket, "S", 1, MSG_NOSIGNAL) != 1) {
            return;
        }
    }
    std::unique_lock lock(mutex_);
    const auto tls = tls_;
    lock.unlock();
    const std::unique_ptr<SSL, Free> stream(SSL_new(tls->context.get()));
    SSL_set_fd(stream.get(), socket);
    if (SSL_accept(stream.get()) != 1) {
        return;
    }
    const Certificate client(SSL_get1_peer_certificate(stream.get()));
    std::array<char, 128> name{};
    if (client) {
        X509_NAME_get_text_by_NID(
            X509_get_subject_name(client.get()), NID_commonName, name.data(), name.size()
        );
    }
    lock.lock();
    client_names_.emplace_back(name.data());
    lock.unlock();
    Connection connection(*this, stream.get());
    script_(connection);
}

std::string http_answer(
    const std::string& status, const std::string& body, const std::string& headers
) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           headers + "\r\n" + body;
}

}  // namespace djdb::support
