// At most four sessions at work per server, and as many idle ones for reuse. Any thread.
//
// Promise: no more than kMostSessions sessions to one host and port are handed out at any time, no
// more than that are idle beside them, none for longer than kLongestIdle, and none is handed out
// that the server has closed. A changed password or CA is another endpoint, so old sessions are not
// used for it. Idle ones do not count as handed out: a worker leaves its administrator's session
// for a moment to log in as a tenant, and would else pay a login to come back to it.
#pragma once

#include "controller/postgres/breaker.hpp"
#include "controller/postgres/connection.hpp"

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
    static constexpr std::size_t kMostSessions = 4;
    static constexpr std::chrono::seconds kLongestIdle{60};

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

    SessionPool();
    SessionPool(const SessionPool&) = delete;
    SessionPool& operator=(const SessionPool&) = delete;
    ~SessionPool() = default;

    /// Waits for one of the four places. A thread must not hold a lease while it takes another.
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
        std::vector<Idle> idle;
    };

    std::unique_ptr<Connection> open_session(const Endpoint&, const CallContext&);
    void give_back(const std::string& server, std::unique_ptr<Connection> session);
    /// The idle session of this endpoint, or null.
    static std::unique_ptr<Connection> reuse(Server&, const Endpoint&);
    void close_idle(std::stop_token stop);

    Breaker breaker_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, Server> servers_;
    std::jthread reaper_;  // last: it uses the members above
};

}  // namespace djdb::postgres
