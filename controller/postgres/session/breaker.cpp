#include "controller/postgres/session/breaker.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstRest = 1s;
constexpr auto kLongestRest = 30s;
/// An entry that nobody has asked for this long belongs to an old password or server.
constexpr auto kForgotten = 10min;

/// The databases of one server share its fate, so they are one entry. What is expected of it counts:
/// a server that was accepted a moment ago is tried immediately.
bool is_same_login(const Endpoint& a, const Endpoint& b) {
    auto other = b;
    other.database = a.database;
    other.kind = a.kind;
    other.is_reusable = a.is_reusable;
    return a == other &&
           a.server.identity.expected.system_identifier ==
               b.server.identity.expected.system_identifier &&
           a.server.identity.accepted == b.server.identity.accepted;
}

bool concerns_the_server(const std::optional<Reason>& reason) {
    static constexpr std::array kReasons{
        Reason::DNSFailed,
        Reason::TCPUnreachable,
        Reason::TLSNotOffered,
        Reason::TLSVerifyFailed,
        Reason::AccessRuleRejected,
        Reason::AuthRejected,
        Reason::TooManyConnections,
        Reason::ServerStarting,
        Reason::SessionNotPinned,
        Reason::PoolerInPath,
        Reason::ReadOnlyServer,
        Reason::ServerIdentityChanged,
        Reason::ServerRestored};
    return reason && std::ranges::find(kReasons, *reason) != kReasons.end();
}

}  // namespace

std::chrono::milliseconds Breaker::rest_after(Reason reason, unsigned failures) {
    if (reason == Reason::AuthRejected) {
        return kLongestRest;
    }
    std::chrono::milliseconds rest = kFirstRest;
    for (unsigned i = 1; i < failures && rest < kLongestRest; ++i) {
        rest *= 2;
    }
    return std::min<std::chrono::milliseconds>(rest, kLongestRest);
}

void Breaker::require_closed(const Endpoint& to, Clock::time_point now) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return is_same_login(entry.endpoint, to);
    });
    if (found != entries_.end() && now < found->until) {
        throw Error(found->failure);
    }
}

void Breaker::note_failure(const Endpoint& to, const Failure& failure, Clock::time_point now) {
    if (!is_administrators(to.kind) || !concerns_the_server(failure.reason)) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [&](const Entry& entry) { return now - entry.until > kForgotten; });
    auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return is_same_login(entry.endpoint, to);
    });
    if (found == entries_.end()) {
        found = entries_.insert(found, {to, {}, 0, {}});
    }
    if (now < found->until) {
        return;  // several threads asked at the same moment: one failure, not many
    }
    found->failure = failure;
    ++found->failures;
    found->until = now + rest_after(failure.reason.value_or(Reason::ServerError), found->failures);
}

void Breaker::note_success(const Endpoint& to) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [&](const Entry& entry) { return is_same_login(entry.endpoint, to); });
}

}  // namespace djdb::postgres
