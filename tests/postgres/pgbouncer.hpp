// A real PgBouncer on loopback, with TLS to its clients, in front of a spare server.
#pragma once

#include "tests/postgres/spare_server.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace djdb::postgres {

struct PoolerSetup {
    std::string pool_mode = "session";
    bool drops_options = true;  ///< otherwise it refuses a session that begins with some
    /// Run on each of its own sessions with the server.
    std::string connect_query = {};
};

class PgBouncer {
  public:
    /// Made now; it knows the server's administrator and takes everybody to the server.
    PgBouncer(const SpareServer& server, const PoolerSetup& setup);
    PgBouncer(const PgBouncer&) = delete;
    PgBouncer& operator=(const PgBouncer&) = delete;
    /// Nothing of it is left.
    ~PgBouncer();

    /// The administrator's way through it.
    [[nodiscard]] const ServerAccess& access() const { return access_; }

  private:
    void write(const std::string& name, const std::string& text) const;
    void start();
    void await() const;

    std::filesystem::path folder_;
    ServerAccess access_;
    pid_t process_ = -1;
};

}  // namespace djdb::postgres
