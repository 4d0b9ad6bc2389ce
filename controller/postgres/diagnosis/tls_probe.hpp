// A TLS handshake of our own that verifies nothing, so that what is wrong with the certificate can
// be told: libpq says the same of an expired one and of one from another CA.
#pragma once

#include "controller/postgres/diagnosis/tcp_probe.hpp"
#include "controller/postgres/session/endpoint.hpp"
#include "reconcilers/ports/call_context.hpp"

#include <string>
#include <vector>

namespace djdb::postgres {

enum class TlsAnswer {
    Silent,        ///< nothing came until the deadline
    HungUp,        ///< the connection ended
    NotPostgres,   ///< something came that is no answer to a request for TLS
    NotOffered,    ///< PostgreSQL, without TLS
    NoHandshake,   ///< TLS, but no version or cipher in common
    Shown,         ///< a certificate was shown
    ClientRefused  ///< and the client's was refused
};

/// What the server showed, judged with the endpoint's CA and host.
struct TlsFindings {
    TlsAnswer answer = TlsAnswer::Silent;
    bool is_from_ca = false;
    bool names_host = false;
    /// For messages: who issued it, what it names.
    std::string issuer;
    std::vector<std::string> names;
    /// What is wrong with the time of which certificate, the CA's included; empty: nothing.
    std::string untimely;
};

/// Asks for TLS on a connection that was just made, presents the endpoint's client certificate if it
/// has one, and sends nothing of a password.
TlsFindings probe_tls(const Socket&, const Endpoint&, const Deadline&);

}  // namespace djdb::postgres
