// What refused an administrator's connection a moment ago is not asked again immediately: one breaker
// for each server and administrator, and for each database of its own that refuses.
//
// Promise: while an endpoint rests, its last failure is thrown again, word for word, without a
// connection. A tenant's database that refuses rests alone. So any number of resources that wait for one server cost it one login, and a
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
    /// The connection was refused. Only the administrator's rest, a tenant's login never does.
    void note_failure(const Endpoint& to, const Failure& failure, Clock::time_point now);
    void note_success(const Endpoint& to);

    /// How long an endpoint rests after that many failures in a row: 1 s, doubled each time, at
    /// most 30 s; a rejected login rests 30 s immediately.
    static std::chrono::milliseconds rest_after(Reason, unsigned failures);

  private:
    struct Entry {
        Endpoint endpoint;
        bool is_of_all = false;  ///< else of this database alone
        Failure failure;
        unsigned failures = 0;
        Clock::time_point until;

        [[nodiscard]] bool concerns(const Endpoint& to) const;
    };

    std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace djdb::postgres
