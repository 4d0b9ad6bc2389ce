#include "controller/postgres/diagnosis/certificates.hpp"

#include "reconcilers/ports/failure.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>

namespace djdb::postgres {
namespace {

using Text = std::unique_ptr<BIO, decltype(&BIO_free)>;

Text text_of(const std::string& pem) {
    return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

/// A key with a passphrase would make OpenSSL ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

TimePoint point_of(const ASN1_TIME* time) {
    std::tm fields{};
    ASN1_TIME_to_tm(time, &fields);
    return TimePoint{std::chrono::seconds{::timegm(&fields)}};
}

Error invalid(Reason reason, std::string message) {
    return Error(
        {.kind = FailureClass::Invalid,
         .origin = FailureOrigin::Postgres,
         .message = std::move(message),
         .reason = reason}
    );
}

}  // namespace

void CertificateFree::operator()(x509_st* raw) const {
    X509_free(raw);
}

void KeyFree::operator()(evp_pkey_st* raw) const {
    EVP_PKEY_free(raw);
}

std::vector<Certificate> read_certificates(const std::string& pem) {
    const auto text = text_of(pem);
    std::vector<Certificate> certificates;
    while (Certificate next{PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr)}) {
        certificates.push_back(std::move(next));
    }
    ERR_clear_error();
    return certificates;
}

PrivateKey read_key(const Sensitive& pem) {
    const auto text = text_of(pem.reveal());
    PrivateKey key{PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return key;
}

void require_usable_certificates(const Endpoint& to) {
    if (to.is_socket()) {
        return;
    }
    // libpq would quote a path that is another one each time, and a condition would never settle.
    if (to.server.tls.mode != TlsMode::Require && read_certificates(to.server.tls.ca_pem).empty()) {
        throw invalid(
            Reason::TLSVerifyFailed,
            "What spec.tls of the PostgresServer names as CA is no certificate in PEM form, so "
            "that the server " +
                address_of(to) +
                " can't be verified. Nothing was sent; correct the Secret or ConfigMap."
        );
    }
    if (to.login.certificate.pem.empty()) {
        return;
    }
    const auto certificates = read_certificates(to.login.certificate.pem);
    const auto key = read_key(to.login.certificate.key_pem);
    const bool is_pair = !certificates.empty() && key &&
                         X509_check_private_key(certificates.front().get(), key.get()) == 1;
    ERR_clear_error();
    if (!is_pair) {
        throw invalid(
            Reason::ClientCertificateInvalid,
            "tls.crt and tls.key of the Secret that spec.tls.clientCertificateRef names are no "
            "certificate and its private key, both in PEM form without a passphrase. Nothing was "
            "sent; correct the Secret."
        );
    }
}

TimePoint not_before(const x509_st* certificate) {
    return point_of(X509_get0_notBefore(certificate));
}

TimePoint not_after(const x509_st* certificate) {
    return point_of(X509_get0_notAfter(certificate));
}

}  // namespace djdb::postgres
