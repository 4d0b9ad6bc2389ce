// The one place that decides whom we trust: parsed roots, client certificate and key, applied to
// both libraries. Immutable after construction; any thread may apply it.
#pragma once

#include "crds/sensitive.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace djdb::kube {

class TlsMaterial {
  public:
    /// @throws ConfigError when a PEM text holds no certificate or no key, or the two do not belong
    /// together
    TlsMaterial(
        const std::string& ca_pem, const std::string& certificate_pem, const Sensitive& key_pem
    );
    TlsMaterial(const TlsMaterial&) = delete;
    TlsMaterial& operator=(const TlsMaterial&) = delete;
    ~TlsMaterial();

    /// TLS 1.2 or later; our roots alone (the system's are dropped); the peer must present a
    /// certificate whose subject alternative name is `expected_name`, a DNS name or an IP address.
    /// The CN never counts.
    /// @throws ConfigError when OpenSSL refuses, which means memory or a broken key
    void apply(ssl_ctx_st* context, const std::string& expected_name) const;

  private:
    struct Parsed;
    std::unique_ptr<Parsed> parsed_;
};

/// An IPv4 or IPv6 literal: no SNI, and the certificate must carry it as IP.
[[nodiscard]] bool is_ip_literal(const std::string& host);

}  // namespace djdb::kube
