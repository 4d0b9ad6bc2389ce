// At most so many sessions per server as its PostgresServer says, idle ones included. Any thread.
//
// Promise: no more than Endpoint::max_sessions sessions to one host and port are open at any time,
// none is idle for longer than kLongestIdle, and none is handed out that the server has closed, that is
// on another server than the one that is expected or on an earlier timeline of it, or that is older
// than kLongestLife: on a primary that was replaced and left running, old sessions go on, and only a
// new one goes where the host leads now. Where a place is needed, the session that was idle for
// longest is closed first. A session for one use, though, waits for another such one to end if that
// spares a session that was in use a moment ago: its next login would cost more than the wait. A
// changed password, CA or certificate is another endpoint, so old sessions are not used for it.
#pragma once

#include "controller/postgres/session/breaker.hpp"
#include "controller/postgres/session/connection.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace djdb::postgres {

class SessionPool {
  public:
    static constexpr std::chrono::seconds kLongestIdle{60};
    static constexpr std::chrono::seconds kLongestLife{60};

    /// A session for one thread; goes back to the pool, or is closed when it is broken, on
    /// destruction.
    class Lease {
      public:
        Lease(
            SessionPool& pool,
            std::string server,
            std::unique_ptr<Connection> session,
            bool is_reused
        )
            : pool_(&pool),
              server_(std::move(server)),
              session_(std::move(session)),
              is_reused_(is_reused) {}
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        Connection& operator*() const { return *session_; }
        Connection* operator->() const { return session_.get(); }
        /// It was idle before: a loss on its first use says nothing about the server.
        [[nodiscard]] bool is_reused() const { return is_reused_; }

      private:
        SessionPool* pool_;
        std::string server_;
        std::unique_ptr<Connection> session_;
        bool is_reused_;
    };

    explicit SessionPool(std::chrono::milliseconds longest_life = kLongestLife);
    SessionPool(const SessionPool&) = delete;
    SessionPool& operator=(const SessionPool&) = delete;
    ~SessionPool() = default;

    /// Waits for one of the places. A thread must not hold a lease while it takes another.
    /// Throws what Connection::open throws, or threw a moment ago while the breaker is open;
    /// Transient "Timeout" when no place became free.
    Lease take(const Endpoint&, const CallContext&);

  private:
    struct Idle {
        std::unique_ptr<Connection> session;
        std::chrono::steady_clock::time_point since;
    };
    struct Server {
        std::size_t busy = 0;
        std::size_t busy_once = 0;  ///< of those the ones for one use
        std::vector<Idle> idle;

        void begin(const Endpoint&);
        void end(const Endpoint&);
    };

    std::unique_ptr<Connection> open_session(const Endpoint&, const CallContext&);
    void give_back(const std::string& key, std::unique_ptr<Connection> session);
    /// The idle session of this endpoint, or null. Closes those that can't be used any more.
    std::unique_ptr<Connection> reuse(Server&, const Endpoint&) const;
    /// Room for one more, by closing the session that was idle for longest if need be.
    static bool make_room(Server&, std::size_t max_sessions);
    /// The same, but while a place is about to become free it closes none that rests only a moment.
    static bool make_room_patiently(Server&, const Endpoint&);
    void close_idle(std::stop_token stop);

    const std::chrono::milliseconds longest_life_;
    Breaker breaker_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, Server> servers_;
    std::jthread reaper_;  // last: it uses the members above
};

}  // namespace djdb::postgres
