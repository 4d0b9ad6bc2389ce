#include "controller/postgres/session/scram_limit.hpp"

#include <libpq-fe.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <sys/socket.h>

namespace djdb::postgres {
namespace {

constexpr std::size_t kHead = 5;  // type and length
/// libpq takes no longer one in a login.
constexpr std::uint32_t kLongest = 30'000;
constexpr std::string_view kChallenge{"\0\0\0\x0B", 4};  // AuthenticationSASLContinue

/// No record of TLS is longer, so that one look shows all that libpq can read by one call.
using Piece = std::array<char, 16384>;

std::uint32_t length_in(std::string_view head) {
    std::uint32_t length = 0;
    for (const char c : head.substr(1, 4)) {
        length = length << 8U | static_cast<unsigned char>(c);
    }
    return length;
}

/// The iterations in "r=..,s=..,i=..", which libpq reads in this order.
std::string_view iterations_in(std::string_view challenge) {
    const auto at = challenge.find(",i=");
    return at == std::string_view::npos ? std::string_view{} : challenge.substr(at + 3);
}

/// A number and nothing else: libpq would read more than we understand.
bool is_at_most(int most, std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && number <= most;
}

/// @return how many bytes; 0 for none yet; negative at the end
long peek(pg_conn* raw, Piece& piece) {
    if (auto* tls = static_cast<SSL*>(PQsslStruct(raw, "OpenSSL"))) {
        ERR_clear_error();
        const int size = SSL_peek(tls, piece.data(), static_cast<int>(piece.size()));
        if (size > 0) {
            return size;
        }
        return SSL_get_error(tls, size) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    const auto size = ::recv(PQsocket(raw), piece.data(), piece.size(), MSG_PEEK | MSG_DONTWAIT);
    if (size > 0) {
        return size;
    }
    return size < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/// That libpq has left of what was peeked.
std::size_t left_by_libpq(pg_conn* raw) {
    auto* tls = static_cast<SSL*>(PQsslStruct(raw, "OpenSSL"));
    return tls == nullptr ? 0 : static_cast<std::size_t>(SSL_pending(tls));
}

}  // namespace

bool ScramLimit::look_ahead(pg_conn* raw) {
    Piece piece;
    const auto size = peek(raw, piece);
    if (size > 0) {
        const auto seen = std::string_view(piece.data(), static_cast<std::size_t>(size));
        note(seen.substr(std::min(looked_at_, seen.size())));
        looked_at_ = seen.size();
    }
    return size != 0;  // of an end libpq tells
}

void ScramLimit::follow(pg_conn* raw) {
    looked_at_ = std::min(looked_at_, left_by_libpq(raw));
}

void ScramLimit::note(std::string_view bytes) {
    unfinished_ += bytes;
    while (unfinished_.size() >= kHead) {
        const auto length = length_in(unfinished_);
        if (length < 4 || length > kLongest) {
            return;  // libpq ends here too
        }
        if (unfinished_.size() < length + 1) {
            return;
        }
        note_message(unfinished_.front(), std::string_view(unfinished_).substr(kHead, length - 4));
        unfinished_.erase(0, length + 1);
    }
}

void ScramLimit::note_message(char type, std::string_view body) {
    if (type != 'R' || !body.starts_with(kChallenge)) {
        return;
    }
    const auto iterations = iterations_in(body.substr(kChallenge.size()));
    if (!iterations.empty() && !is_at_most(most_, iterations)) {
        excess_ = iterations;
    }
}

}  // namespace djdb::postgres
