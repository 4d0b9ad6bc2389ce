// Certificates in PEM form, parsed with OpenSSL. Any thread.
#pragma once

#include "controller/postgres/session/endpoint.hpp"

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace djdb::postgres {

struct CertificateFree {
    void operator()(x509_st*) const;
};
using Certificate = std::unique_ptr<x509_st, CertificateFree>;

struct KeyFree {
    void operator()(evp_pkey_st*) const;
};
using PrivateKey = std::unique_ptr<evp_pkey_st, KeyFree>;

/// All certificates of the text, in its order; empty when there is none.
std::vector<Certificate> read_certificates(const std::string& pem);
/// The private key of the text; null when there is none or it needs a passphrase.
PrivateKey read_key(const Sensitive& pem);

/// @throws Error Invalid, TLSVerifyFailed when a mode that verifies has no CA certificate, or
/// ClientCertificateInvalid when client certificate and key are not a pair
void require_usable_certificates(const Endpoint&);

TimePoint not_before(const x509_st*);
TimePoint not_after(const x509_st*);

}  // namespace djdb::postgres
