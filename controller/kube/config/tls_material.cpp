#include "controller/kube/config/tls_material.hpp"

#include "controller/kube/config/config.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <vector>

namespace djdb::kube {
namespace {

template <auto Free>
struct Release {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Roots = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using Buffer = std::unique_ptr<BIO, Release<BIO_free_all>>;

Buffer buffer_of(const std::string& text) {
    return Buffer{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

std::vector<Certificate> parse_certificates(const std::string& pem) {
    std::vector<Certificate> certificates;
    const auto input = buffer_of(pem);
    while (auto* next = PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)) {
        certificates.emplace_back(next);
    }
    // The end of the text is an error to OpenSSL, and an error left behind is taken for that of the
    // next call.
    ERR_clear_error();
    return certificates;
}

/// An encrypted key must not make OpenSSL ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

void require(bool done, const std::string& message) {
    if (!done) {
        ERR_clear_error();
        throw ConfigError(message);
    }
}

}  // namespace

struct TlsMaterial::Parsed {
    Roots roots;
    std::vector<Certificate> chain;
    Key key;
};

TlsMaterial::TlsMaterial(
    const std::string& ca_pem, const std::string& certificate_pem, const Sensitive& key_pem
)
    : parsed_(std::make_unique<Parsed>()) {
    parsed_->roots.reset(X509_STORE_new());
    const auto roots = parse_certificates(ca_pem);
    require(!roots.empty(), "the cluster's CA holds no PEM certificate; nothing was sent");
    for (const auto& root : roots) {
        require(
            X509_STORE_add_cert(parsed_->roots.get(), root.get()) == 1,
            "the cluster's CA holds a certificate that OpenSSL refuses"
        );
        // Reads its extensions now and not in the first handshakes, which share it: the order that OpenSSL keeps them
        // in there is by an atomic of its own, which ThreadSanitizer does not see.
        X509_check_purpose(root.get(), -1, 0);
    }
    if (certificate_pem.empty()) {
        return;
    }
    parsed_->chain = parse_certificates(certificate_pem);
    require(!parsed_->chain.empty(), "the client certificate is not PEM; nothing was sent");
    const auto input = buffer_of(key_pem.reveal());
    parsed_->key.reset(PEM_read_bio_PrivateKey(input.get(), nullptr, no_passphrase, nullptr));
    require(
        parsed_->key != nullptr,
        "the client key is not a PEM private key without passphrase; nothing was sent"
    );
    require(
        X509_check_private_key(parsed_->chain.front().get(), parsed_->key.get()) == 1,
        "the client key does not belong to the client certificate; nothing was sent"
    );
}

TlsMaterial::~TlsMaterial() = default;

void TlsMaterial::apply(ssl_ctx_st* context, const std::string& expected_name) const {
    const std::string refused = "OpenSSL refuses the TLS settings for " + expected_name;
    require(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, refused);
    // set1 counts its own reference and drops the store that was there, system roots included.
    SSL_CTX_set1_cert_store(context, parsed_->roots.get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, SSL_CTX_get_verify_callback(context));
    auto* parameters = SSL_CTX_get0_param(context);
    if (is_ip_literal(expected_name)) {
        require(X509_VERIFY_PARAM_set1_ip_asc(parameters, expected_name.c_str()) == 1, refused);
    } else {
        X509_VERIFY_PARAM_set_hostflags(
            parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
        );
        require(
            X509_VERIFY_PARAM_set1_host(parameters, expected_name.c_str(), expected_name.size()) ==
                1,
            refused
        );
    }
    if (parsed_->chain.empty()) {
        return;
    }
    require(SSL_CTX_use_certificate(context, parsed_->chain.front().get()) == 1, refused);
    SSL_CTX_clear_chain_certs(context);
    for (std::size_t i = 1; i < parsed_->chain.size(); ++i) {
        require(SSL_CTX_add1_chain_cert(context, parsed_->chain[i].get()) == 1, refused);
    }
    require(SSL_CTX_use_PrivateKey(context, parsed_->key.get()) == 1, refused);
}

bool is_ip_literal(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace djdb::kube
