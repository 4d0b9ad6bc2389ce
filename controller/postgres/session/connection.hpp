// One session of a PostgreSQL server. The only place that knows libpq is connection.cpp and
// connect.cpp.
//
// One thread at a time uses a Connection. Every wait ends by the call's deadline or stop token; a
// session that was abandoned in the middle is broken and must not be used again. Errors carry
// SQLSTATE and primary message, and the statement only where a right is missing and outside of DO; never a
// parameter, a password or a verifier.
#pragma once

#include "controller/postgres/session/endpoint.hpp"
#include "controller/postgres/session/receive_limit.hpp"
#include "reconcilers/ports/call_context.hpp"
#include "reconcilers/ports/failure.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;
struct pg_result;

namespace djdb::postgres {

using Rows = std::vector<sql::Row>;

class Connection {
  public:
    /// Connects as the endpoint says, within 8 seconds, and asks which server it is. Throws Error
    /// with a verdict of diagnosis.hpp as reason, SessionNotPinned, PoolerInPath, ReadOnlyServer,
    /// ServerIdentityChanged or ServerRestored; then nothing but that question was sent.
    static std::unique_ptr<Connection> open(const Endpoint&, const CallContext&);

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// One statement, its rows. Throws Error with the SQLSTATE, "ConnectionLost", "Timeout",
    /// "Stopped", or "UnexpectedAnswer" when the server sends too much or not what was asked for.
    Rows run(const sql::Statement&, const CallContext&);
    /// All in one implicit transaction and one round trip; rows are dropped.
    void run_batch(const sql::Batch&, const CallContext&);

    /// Runs the work, whose readers take each answer for what was asked for: a row or column that is
    /// not there, or a word that is none of ours, ends it as "UnexpectedAnswer".
    void read_answers(const std::function<void()>& work);

    /// From now on it is not usable: what it locked and set ends with it.
    void end_with_its_use() { is_broken_ = true; }
    /// False when the server hung up or a call was abandoned; looks at the socket, asks nothing.
    [[nodiscard]] bool is_usable();
    [[nodiscard]] int server_version() const;
    /// As the server reported at the start of the session.
    [[nodiscard]] bool is_superuser() const;
    [[nodiscard]] std::int64_t backend_pid() const;
    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
    /// As it was when the session began.
    [[nodiscard]] const ServerIdentity& identity() const { return identity_; }
    /// When the session began.
    [[nodiscard]] std::chrono::steady_clock::time_point since() const { return since_; }
    /// "TLSv1.3"; empty on a socket.
    [[nodiscard]] std::string tls_version() const;
    /// When the certificate that the server showed expires; none on a socket.
    [[nodiscard]] std::optional<TimePoint> certificate_expiry() const;

  private:
    struct Notices {
        std::string refused_state;  ///< 01006 or 01007, empty when none
        std::string refused_message;
    };

    Connection(Endpoint, pg_conn*);
    void require_the_server(const CallContext&);
    void require_pinned(const std::vector<std::string>& unpinned);
    /// @param answered_by the process id that the server itself told
    void require_no_pooler(std::int64_t answered_by);
    /// What came before is no part of the next answer.
    void begin_answer();
    void send(const sql::Statement&);
    /// @return its name in this session
    const std::string& prepare(const sql::Statement&, const CallContext&);
    Rows receive(const sql::Statement&, const CallContext&);
    void flush(const CallContext&);
    void await_result(const CallContext&);
    void wait_socket(bool for_write, const CallContext&);
    void drain_batch(const sql::Batch&, const CallContext&);
    void name_session(const CallContext&);
    void raise_refused();
    Error failure_of(const pg_result*, const sql::Statement&);
    [[noreturn]] void abandon(const CallContext&);
    [[noreturn]] void raise_lost();
    [[noreturn]] void raise_unexpected(const std::string& what);

    Endpoint endpoint_;
    ServerIdentity identity_;
    const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
    pg_conn* raw_;
    ReceiveLimit limit_;
    std::unique_ptr<Notices> notices_ = std::make_unique<Notices>();
    std::string name_;
    std::map<std::string, std::string> prepared_;  ///< text to name
    bool is_broken_ = false;
};

/// libpq reads PG* variables for whatever it was not told: call once, before threads start.
void forget_libpq_environment();

}  // namespace djdb::postgres
