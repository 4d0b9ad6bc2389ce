#include "controller/postgres/diagnosis/tls_probe.hpp"

#include "controller/postgres/diagnosis/certificates.hpp"
#include "controller/postgres/diagnosis/sql_state.hpp"
#include "crds/text.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <memory>
#include <sys/socket.h>

namespace djdb::postgres {
namespace {

template <auto Free>
struct Freer {
    template <class Raw>
    void operator()(Raw* raw) const {
        Free(raw);
    }
};
using Context = std::unique_ptr<SSL_CTX, Freer<&SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freer<&SSL_free>>;
using Store = std::unique_ptr<X509_STORE, Freer<&X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freer<&X509_STORE_CTX_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Freer<&GENERAL_NAMES_free>>;

/// Length and code of the protocol's SSLRequest.
constexpr std::array<unsigned char, 8> kRequest{0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F};

TlsAnswer ask_for_tls(int socket, const Deadline& deadline) {
    if (::send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(kRequest.size())) {
        return TlsAnswer::HungUp;
    }
    if (!wait_for_socket(socket, false, deadline)) {
        return TlsAnswer::Silent;
    }
    // PostgreSQL says one letter and waits.
    std::array<char, 2> answer{};
    const auto size = ::recv(socket, answer.data(), answer.size(), 0);
    if (size < 1) {
        return TlsAnswer::HungUp;
    }
    if (size > 1) {
        return TlsAnswer::NotPostgres;
    }
    switch (answer[0]) {
        case 'S':
            return TlsAnswer::Shown;
        case 'N':
            return TlsAnswer::NotOffered;
        default:
            return TlsAnswer::NotPostgres;
    }
}

/// Repeats the call while OpenSSL waits for the socket.
template <class Call>
bool complete(SSL* session, int socket, const Deadline& deadline, Call&& call) {
    for (;;) {
        ERR_clear_error();
        const int result = call();
        if (result > 0) {
            return true;
        }
        const int wanted = SSL_get_error(session, result);
        const bool waits = wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE;
        if (!waits || !wait_for_socket(socket, wanted == SSL_ERROR_WANT_WRITE, deadline)) {
            return false;
        }
    }
}

/// Why the handshake ended. What answers a request for TLS with a word that begins with S, such as
/// an SSH server, shows only here that it speaks neither.
TlsAnswer explain_handshake(const Endpoint& to) {
    const int reason = ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
        reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return TlsAnswer::NotPostgres;
    }
    return to.login.certificate.pem.empty() ? TlsAnswer::NoHandshake : TlsAnswer::ClientRefused;
}

Context make_context(const Endpoint& to) {
    Context context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    auto own = read_certificates(to.login.certificate.pem);
    const auto key = read_key(to.login.certificate.key_pem);
    if (!own.empty() && key) {
        SSL_CTX_use_certificate(context.get(), own.front().get());
        SSL_CTX_use_PrivateKey(context.get(), key.get());
    }
    return context;
}

/// In TLS 1.3 a refused client certificate shows only when the server answers to what comes next.
bool is_client_welcome(SSL* session, int socket, const Endpoint& to, const Deadline& deadline) {
    std::string words;
    for (const auto& word :
         {std::string("user"), to.login.user, std::string("database"), to.database}) {
        words += word + '\0';
    }
    words += '\0';
    const auto size = static_cast<std::uint32_t>(words.size() + 8);
    std::string message;
    for (const auto number : {size, std::uint32_t{0x00030000}}) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            message += static_cast<char>((number >> shift) & 0xFFU);
        }
    }
    message += words;
    char first = 0;
    return complete(
               session,
               socket,
               deadline,
               [&] { return SSL_write(session, message.data(), static_cast<int>(message.size())); }
           ) &&
           complete(session, socket, deadline, [&] { return SSL_read(session, &first, 1); });
}

/// Empty when it is valid now.
std::string explain_time(const std::string& whose, const X509* certificate) {
    const bool is_early = X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0;
    const bool is_late = X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
    if (!is_early && !is_late) {
        return "";
    }
    return whose + (is_late ? " has expired" : " is not valid yet") + ": it is valid from " +
           format_time(not_before(certificate)) + " to " + format_time(not_after(certificate));
}

std::string line_of(const X509_NAME* name) {
    std::array<char, 200> text{};
    X509_NAME_oneline(name, text.data(), static_cast<int>(text.size()));
    return printable(text.data());
}

/// Time is judged for itself, for the whole chain where there is one.
void judge_chain(X509* shown, STACK_OF(X509) * chain, const Endpoint& to, TlsFindings& findings) {
    const Store store(X509_STORE_new());
    for (const auto& authority : read_certificates(to.server.tls.ca_pem)) {
        X509_STORE_add_cert(store.get(), authority.get());
    }
    const StoreContext context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), shown, chain);
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME);
    findings.is_from_ca = X509_verify_cert(context.get()) == 1;
    findings.untimely = explain_time("the server's certificate", shown);
    auto* verified = X509_STORE_CTX_get0_chain(context.get());
    for (int i = 1; findings.is_from_ca && i < sk_X509_num(verified); ++i) {
        const auto* authority = sk_X509_value(verified, i);
        if (findings.untimely.empty()) {
            findings.untimely = explain_time(
                "the CA \"" + line_of(X509_get_subject_name(authority)) + "\"", authority
            );
        }
    }
    ERR_clear_error();
}

bool names_host(X509* certificate, const std::string& host) {
    return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
           X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string text_of(const ASN1_STRING* string) {
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
    return {bytes, static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::vector<std::string> names_in(const X509* certificate) {
    std::vector<std::string> names;
    const GeneralNames all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)
    ));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type == GEN_DNS) {
            names.push_back(text_of(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            const int length = ASN1_STRING_length(name->d.iPAddress);
            std::array<char, INET6_ADDRSTRLEN> text{};
            ::inet_ntop(
                length == 4 ? AF_INET : AF_INET6,
                ASN1_STRING_get0_data(name->d.iPAddress),
                text.data(),
                text.size()
            );
            names.emplace_back(text.data());
        }
    }
    return names;
}

void judge(X509* shown, STACK_OF(X509) * chain, const Endpoint& to, TlsFindings& findings) {
    judge_chain(shown, chain, to, findings);
    findings.names_host = names_host(shown, to.server.host);
    findings.issuer = line_of(X509_get_issuer_name(shown));
    findings.names = names_in(shown);
}

}  // namespace

TlsFindings probe_tls(const Socket& socket, const Endpoint& to, const Deadline& deadline) {
    TlsFindings findings;
    findings.answer = ask_for_tls(socket.descriptor(), deadline);
    if (findings.answer != TlsAnswer::Shown) {
        return findings;
    }
    const auto context = make_context(to);
    const Session session(SSL_new(context.get()));
    SSL_set_fd(session.get(), socket.descriptor());
    if (!is_address(to.server.host)) {
        // OpenSSL's macro for this has a cast that our warnings forbid.
        auto name = to.server.host;
        SSL_ctrl(
            session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()
        );
    }
    if (!complete(session.get(), socket.descriptor(), deadline, [&] {
            return SSL_connect(session.get());
        })) {
        findings.answer = explain_handshake(to);
        return findings;
    }
    const Certificate shown(SSL_get1_peer_certificate(session.get()));
    judge(shown.get(), SSL_get_peer_cert_chain(session.get()), to, findings);
    if (!to.login.certificate.pem.empty() &&
        !is_client_welcome(session.get(), socket.descriptor(), to, deadline)) {
        findings.answer = TlsAnswer::ClientRefused;
    }
    return findings;
}

}  // namespace djdb::postgres
