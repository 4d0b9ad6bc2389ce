// One breaker for each server and administrator: what refused a connection a moment ago is not
// asked again immediately.
//
// Promise: while an endpoint rests, its last failure is thrown again, word for word, without a
// connection. So any number of resources that wait for one server cost it one login, and a
// wrong password is not tried often enough to lock the administrator out. A changed password,
// CA, host or port is another endpoint and is tried immediately. Any thread may call.
#pragma once

#include "controller/postgres/session/connection.hpp"
#include "reconcilers/ports/failure.hpp"

#include <chrono>
#include <mutex>
#include <string_view>
#include <vector>

namespace djdb::postgres {

class Breaker {
  public:
    using Clock = std::chrono::steady_clock;

    /// @throws Error the endpoint's last failure, while it rests
    void require_closed(const Endpoint& to, Clock::time_point now);
    /// The connection was refused. Only failures that concern the whole server or login make it
    /// rest; those of tenants' logins never do.
    void note_failure(const Endpoint& to, const Failure& failure, Clock::time_point now);
    void note_success(const Endpoint& to);

    /// How long an endpoint rests after that many failures in a row: 1 s, doubled each time, at
    /// most 30 s; a rejected login rests 30 s immediately.
    static std::chrono::milliseconds rest_after(Reason, unsigned failures);

  private:
    struct Entry {
        Endpoint endpoint;
        Failure failure;
        unsigned failures = 0;
        Clock::time_point until;
    };

    std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace djdb::postgres
