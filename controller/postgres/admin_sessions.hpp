// The administrator's sessions: work runs on one of them, races are repeated, what is missing of the
// operator's own is made, and what went wrong is said in the words of the port. Any thread.
#pragma once

#include "controller/postgres/session/session_pool.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/failure.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace djdb::postgres {

using Work = std::function<void(Connection&)>;

class AdminSessions {
  public:
    explicit AdminSessions(SessionPool& pool) : pool_(pool) {}

    /// In the maintenance database; makes it and the ledger when they are missing, repeats races up
    /// to five times.
    void run(const ServerAccess&, const CallContext&, const Work&);
    /// The same for work that locks and sets what outlasts a transaction: that ends behind it, with the
    /// session if the work failed.
    void run_locking(const ServerAccess&, const CallContext&, const Work&);
    /// In the tenant's database, on a session that is left immediately.
    void run_within(const ServerAccess&, const TenantNames&, const CallContext&, const Work&);

  private:
    void attempt(const Endpoint&, const ServerAccess&, const CallContext&, const Work&);
    void make_maintenance_database(const ServerAccess&, const CallContext&);
    void make_ledger(const Endpoint&, const CallContext&);

    SessionPool& pool_;
};

/// The failure with its reason, and what helps: of our own checks inside a transaction, and of a
/// missing right.
/// @param database where the statement ran, for the message
Error explained(const Failure&, const std::string& database);

/// CREATE DATABASE; success when one of that name is there, whoever made it.
/// @throws Error LocaleNotUTF8 where template0 has a locale that does not go with UTF-8
void create_if_missing(Connection&, const sql::Statement& create_database, const CallContext&);

/// How long a session may take to obey when it is ended.
inline constexpr std::chrono::seconds kEnding{5};

/// Asks until the answer is yes or the span is over.
bool wait_for(
    std::chrono::milliseconds span, const CallContext&, const std::function<bool()>& answer
);

/// This column of the first row, "" when there is none or it is NULL.
const std::string& cell(const Rows&, std::size_t column);

}  // namespace djdb::postgres
