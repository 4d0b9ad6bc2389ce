// A session of plain, blocking libpq with the settings that the operator's sessions have. The
// baseline: no deadline, no pool, no reconnect. One thread at a time.
#pragma once

#include "reconcilers/sql/text/statement.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string>

namespace djdb::bench {

/// What DJDB_PG_* of tests/cluster/postgres say.
struct Server {
    std::string host;
    std::string port;
    std::string ca_path;
    std::string admin_user;
    std::string admin_password;
};

struct Login {
    std::string database;
    std::string user;
    std::string password;
    bool is_admin = true;  ///< pins what the operator's admin sessions pin
};

/// Every failure ends the program's run by std::runtime_error: a baseline that skips work is none.
class BareSession {
  public:
    BareSession(const Server& server, const Login& login);

    void run(const sql::Statement& statement);
    /// One implicit transaction, one round trip.
    void run_batch(const sql::Batch& batch);
    [[nodiscard]] int version() const { return PQserverVersion(raw_.get()); }

  private:
    using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

    /// @return its name in this session
    const std::string& prepare(const std::string& text);
    void require_success(const Result&) const;

    std::unique_ptr<PGconn, decltype(&PQfinish)> raw_;
    std::map<std::string, std::string> prepared_;
};

}  // namespace djdb::bench
