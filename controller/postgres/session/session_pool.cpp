#include "controller/postgres/session/session_pool.hpp"

#include "reconcilers/ports/failure.hpp"
#include "reconcilers/server/identity.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace djdb::postgres {
namespace {

/// What rests for longer than a worker's other work takes is not about to be used again.
constexpr std::chrono::seconds kMoment{1};
/// Several logins, or one CREATE DATABASE.
constexpr std::chrono::milliseconds kPatience{200};

}  // namespace

SessionPool::Lease::~Lease() {
    if (session_) {
        pool_->give_back(server_, std::move(session_));
    }
}

SessionPool::SessionPool(std::chrono::milliseconds longest_life)
    : longest_life_(longest_life), reaper_([this](std::stop_token stop) { close_idle(stop); }) {}

SessionPool::Lease SessionPool::take(const Endpoint& to, const CallContext& call) {
    breaker_.require_closed(to, Breaker::Clock::now());
    const auto key = address_of(to);
    std::unique_lock lock(mutex_);
    auto& server = servers_[key];
    std::unique_ptr<Connection> session;
    const auto wait_until = [&](Deadline::Clock::time_point until, auto make_place) {
        return changed_.wait_until(lock, call.stop, until, [&] {
            session = reuse(server, to);
            return session || make_place();
        });
    };
    const auto patience = call.deadline.or_earlier(kPatience);
    if (!wait_until(patience.at(), [&] { return make_room_patiently(server, to); }) &&
        !wait_until(call.deadline.at(), [&] {
            return make_room(server, to.server.max_sessions);
        })) {
        throw Error(
            {FailureClass::Transient,
             FailureOrigin::Postgres,
             call.stop.stop_requested() ? "Stopped" : "Timeout",
             "No session to PostgreSQL " + to_string(to) +
                 " became free in time. Nothing was changed; it is tried again."}
        );
    }
    server.begin(to);
    lock.unlock();
    if (session) {
        return {*this, key, std::move(session), true};
    }
    try {
        return {*this, key, open_session(to, call), false};
    } catch (...) {
        lock.lock();
        server.end(to);
        server.idle.clear();  // ours may be what the server has no place for
        changed_.notify_all();
        throw;
    }
}

std::unique_ptr<Connection> SessionPool::open_session(const Endpoint& to, const CallContext& call) {
    // Several may have waited for a place while the first of them was refused.
    breaker_.require_closed(to, Breaker::Clock::now());
    try {
        auto session = Connection::open(to, call);
        breaker_.note_success(to);
        return session;
    } catch (const Error& error) {
        breaker_.note_failure(to, error.failure(), Breaker::Clock::now());
        throw;
    }
}

std::unique_ptr<Connection> SessionPool::reuse(Server& server, const Endpoint& to) const {
    auto& idle = server.idle;
    auto expected = to.server.identity.expected;
    expected.ledger_revision = 0;  // it has grown since the session began
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(idle, [&](const Idle& entry) {
        const auto& session = *entry.session;
        return !entry.session->is_usable() || now - session.since() > longest_life_ ||
               compare_server(session.identity(), expected, {}) != IdentityMatch::Same;
    });
    // The one that rested last: the others may then rest until they are closed.
    const auto same = std::ranges::find_if(idle | std::views::reverse, [&](const Idle& entry) {
        return entry.session->endpoint() == to;
    });
    if (same == idle.rend()) {
        return nullptr;
    }
    auto session = std::move(same->session);
    idle.erase(std::next(same).base());
    return session;
}

void SessionPool::Server::begin(const Endpoint& to) {
    ++busy;
    busy_once += to.is_reusable ? 0 : 1;
}

void SessionPool::Server::end(const Endpoint& to) {
    --busy;
    busy_once -= to.is_reusable ? 0 : 1;
}

bool SessionPool::make_room_patiently(Server& server, const Endpoint& to) {
    auto& idle = server.idle;
    const auto most = to.server.max_sessions;
    const auto rests = [now = std::chrono::steady_clock::now()](const Idle& entry) {
        return now - entry.since > kMoment;
    };
    while (server.busy + idle.size() >= most && !idle.empty() && rests(idle.front())) {
        idle.erase(idle.begin());
    }
    const bool is_worth_it = !to.is_reusable && server.busy_once > 0;
    return server.busy + idle.size() < most || (!is_worth_it && make_room(server, most));
}

bool SessionPool::make_room(Server& server, std::size_t max_sessions) {
    while (server.busy + server.idle.size() >= max_sessions && !server.idle.empty()) {
        server.idle.erase(server.idle.begin());
    }
    return server.busy < max_sessions;
}

void SessionPool::give_back(const std::string& key, std::unique_ptr<Connection> session) {
    const bool is_kept = session->endpoint().is_reusable && session->is_usable();
    const std::scoped_lock lock(mutex_);
    auto& server = servers_[key];
    server.end(session->endpoint());
    if (is_kept) {
        server.idle.push_back({std::move(session), std::chrono::steady_clock::now()});
    } else {
        session.reset();  // before the place is given away
    }
    changed_.notify_all();
}

void SessionPool::close_idle(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        changed_.wait_for(lock, stop, std::chrono::seconds{5}, [] { return false; });
        const auto now = std::chrono::steady_clock::now();
        for (auto& [key, server] : servers_) {
            std::erase_if(server.idle, [&](const Idle& entry) {
                return now - entry.since + std::chrono::seconds{5} > kLongestIdle;
            });
        }
    }
}

}  // namespace djdb::postgres
