#include "controller/postgres/session/breaker.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstRest = 1s;
constexpr auto kLongestRest = 30s;
/// An entry that nobody has asked for this long belongs to an old password or server.
constexpr auto kForgotten = 10min;

/// What is expected of it counts: a server that was accepted a moment ago is tried immediately.
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

bool makes_rest(const std::optional<Reason>& reason) {
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

/// What fails before the server has heard of a database concerns them all, and so does a password:
/// one that is tried in each of them locks the administrator out. All work begins in the maintenance
/// database, so that what it refuses is refused for all.
bool concerns_all_databases(const Endpoint& to, const Failure& failure) {
    static constexpr std::array<std::string_view, 4> kOfTheServer{
        "Resolve", "Connect", "Tls", "28P01"};
    return to.kind == SessionKind::Maintenance ||
           std::ranges::find(kOfTheServer, failure.code) != kOfTheServer.end();
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
        return entry.concerns(to) && now < entry.until;
    });
    if (found != entries_.end()) {
        throw Error(found->failure);
    }
}

void Breaker::note_failure(const Endpoint& to, const Failure& failure, Clock::time_point now) {
    if (!is_administrators(to.kind) || !makes_rest(failure.reason)) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [&](const Entry& entry) { return now - entry.until > kForgotten; });
    const bool is_of_all = concerns_all_databases(to, failure);
    auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.is_of_all == is_of_all && entry.concerns(to);
    });
    if (found == entries_.end()) {
        found = entries_.insert(found, {to, is_of_all, {}, 0, {}});
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
    std::erase_if(entries_, [&](const Entry& entry) { return entry.concerns(to); });
}

bool Breaker::Entry::concerns(const Endpoint& to) const {
    return is_same_login(endpoint, to) && (is_of_all || endpoint.database == to.database);
}

}  // namespace djdb::postgres
