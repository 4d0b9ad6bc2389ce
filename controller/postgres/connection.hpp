// One session of a PostgreSQL server. The only place that knows libpq is connection.cpp and
// connect.cpp.
//
// One thread at a time uses a Connection. Every wait ends by the call's deadline or stop token; a
// session that was abandoned in the middle is broken and must not be used again. Errors carry
// SQLSTATE and primary message, never the statement, a password or a verifier.
#pragma once

#include "crds/sensitive.hpp"
#include "reconcilers/call_context.hpp"
#include "reconcilers/sql/statement.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace djdb::postgres {

/// What a session of this kind pins on connect.
enum class SessionKind {
    Admin,   ///< search_path is pg_catalog: nothing that a tenant plants runs as administrator
    Tenant,  ///< as the app would get it, its role and search_path included
};

struct Endpoint {
    std::string host;
    std::int64_t port = 5432;
    std::string database;
    std::string user;
    Sensitive password;
    std::string ca_pem;
    SessionKind kind = SessionKind::Admin;
    bool is_reusable = true;  ///< kept idle after use; databases of tenants are left at once

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// `host:port as role "user", database "name"`, for messages.
std::string to_string(const Endpoint&);

/// Rows of text; nullopt is NULL.
using Rows = std::vector<std::vector<std::optional<std::string>>>;

class Connection {
  public:
    /// Connects with verified TLS, channel binding and to a writable server only, within 8 seconds.
    /// Throws Error with connect_code as code.
    static std::unique_ptr<Connection> open(const Endpoint&, const CallContext&);

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// One statement, its rows. Throws Error with the SQLSTATE, "ConnectionLost", "Timeout" or
    /// "Stopped".
    Rows run(const sql::Statement&, const CallContext&);
    /// All in one implicit transaction and one round trip; rows are dropped.
    void run_batch(const sql::Batch&, const CallContext&);

    /// False when the server hung up or a call was abandoned; looks at the socket, asks nothing.
    [[nodiscard]] bool is_usable();
    [[nodiscard]] int server_version() const;
    /// As the server reported at the start of the session.
    [[nodiscard]] bool is_superuser() const;
    [[nodiscard]] std::int64_t backend_pid() const;
    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  private:
    struct Notices {
        std::string refused_state;  ///< 01006 or 01007, empty when none
        std::string refused_message;
    };

    Connection(Endpoint, pg_conn*);
    void send(const sql::Statement&);
    void flush(const CallContext&);
    void await_result(const CallContext&);
    void wait_socket(bool for_write, const CallContext&);
    void drain_batch(const CallContext&);
    void name_session(const CallContext&);
    void raise_refused();
    [[noreturn]] void abandon(const CallContext&);
    [[noreturn]] void raise_lost();

    Endpoint endpoint_;
    pg_conn* raw_;
    std::unique_ptr<Notices> notices_ = std::make_unique<Notices>();
    std::string name_;
    bool is_broken_ = false;
};

/// libpq reads PG* variables for whatever it was not told: call once, before threads start.
void forget_libpq_environment();

}  // namespace djdb::postgres
