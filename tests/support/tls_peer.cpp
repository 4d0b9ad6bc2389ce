#include "tests/support/tls_peer.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <csignal>
#include <poll.h>
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

std::string pem_of(X509* certificate) {
    const std::unique_ptr<BIO, Free> output(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(output.get(), certificate);
    std::array<char, 8192> text{};
    const int size = BIO_read(output.get(), text.data(), static_cast<int>(text.size()));
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

struct TlsPeer::Tls {
    std::unique_ptr<SSL_CTX, Free> context;
};

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
        const std::lock_guard lock(peer_.mutex_);
        peer_.requests_.push_back(text);
        return text;
    }
    void write(const std::string& bytes) override {
        SSL_write(stream_, bytes.data(), static_cast<int>(bytes.size()));
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

TlsPeer::TlsPeer(const PeerCertificate& wanted, Script script)
    : script_(std::move(script)), tls_(std::make_unique<Tls>()) {
    std::signal(SIGPIPE, SIG_IGN);  // a client that hangs up must not end the test program
    constexpr long kHour = 3600;
    const Key ca_key(EVP_EC_gen("P-256"));
    const auto ca = certificate_of("test CA", ca_key.get(), -2 * kHour, 2 * kHour);
    X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
    extend(ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(ca.get(), ca_key.get(), EVP_sha256());
    ca_pem_ = pem_of(ca.get());

    const Key key(EVP_EC_gen("P-256"));
    const auto leaf =
        certificate_of(wanted.common_name, key.get(), -2 * kHour, wanted.expired ? -kHour : kHour);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get()));
    if (!wanted.alternative_name.empty()) {
        extend(leaf.get(), NID_subject_alt_name, wanted.alternative_name);
    }
    X509_sign(leaf.get(), ca_key.get(), EVP_sha256());
    tls_->context.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(tls_->context.get(), leaf.get());
    SSL_CTX_use_PrivateKey(tls_->context.get(), key.get());

    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("the TLS peer can't listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
}

TlsPeer::~TlsPeer() {
    thread_.request_stop();
    ::shutdown(listener_, SHUT_RDWR);
    if (const int active = active_; active >= 0) {
        ::shutdown(active, SHUT_RDWR);
    }
    thread_.join();
    ::close(listener_);
}

std::vector<std::string> TlsPeer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void TlsPeer::serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) {
            continue;
        }
        active_ = socket;
        if (stop.stop_requested()) {
            ::shutdown(socket, SHUT_RDWR);
        }
        const std::unique_ptr<SSL, Free> stream(SSL_new(tls_->context.get()));
        SSL_set_fd(stream.get(), socket);
        if (SSL_accept(stream.get()) == 1) {
            Connection connection(*this, stream.get());
            script_(connection);
        }
        active_ = -1;
        ::close(socket);
    }
}

std::string http_answer(
    const std::string& status, const std::string& body, const std::string& headers
) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           headers + "\r\n" + body;
}

}  // namespace djdb::support
