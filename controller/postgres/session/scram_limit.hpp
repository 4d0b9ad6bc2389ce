// How much hashing a server may ask a login for. libpq does all of it within one call that looks at no
// deadline, up to an hour of it; so what it is about to read is looked at first.
//
// A role may give itself a verifier with any number of iterations, so that the one who asks need not
// be the server's owner. One thread at a time uses a limit, for one login.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

struct pg_conn;

namespace djdb::postgres {

class ScramLimit {
  public:
    /// As drivers of apps have it: 90 ms of CPU by libpq 15.
    static constexpr int kMost = 100'000;

    explicit ScramLimit(int most) : most_(most) {}

    /// Looks at what the server has sent, on a session that awaits an answer to its login.
    /// @return false: nothing is there, and PQconnectPoll must not be called
    bool look_ahead(pg_conn*);
    /// Behind PQconnectPoll, which has read what was looked at.
    void follow(pg_conn*);

    /// The server's words for how much it asks for, when that is more than may be done: then
    /// PQconnectPoll must not be called again.
    [[nodiscard]] const std::optional<std::string>& excess() const { return excess_; }

    /// Of look_ahead(): what comes next in the login's stream of messages.
    void note(std::string_view bytes);

  private:
    void note_message(char type, std::string_view body);

    int most_;
    std::string unfinished_;     ///< the beginning of a message
    std::size_t looked_at_ = 0;  ///< bytes that libpq has not read yet
    std::optional<std::string> excess_;
};

}  // namespace djdb::postgres
