#include "controller/postgres/session/connection.hpp"

#include "controller/postgres/diagnosis/certificates.hpp"
#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/session/result.hpp"
#include "reconcilers/sql/login/tenant_login.hpp"

#include <libpq-fe.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <poll.h>
#include <string_view>
#include <utility>

namespace djdb::postgres {
namespace {

constexpr std::chrono::milliseconds kLongestSleep{100};

constexpr const char* kDenied = "42501";

/// A DBA has to know what may not be done. Text holds no secret; a DO block tells nobody anything.
std::string told(const sql::Statement& statement) {
    return statement.text.starts_with("DO ") ? std::string{}
                                             : std::string(" ").append(printable(statement.text));
}

std::vector<const char*> values_of(const sql::Statement& statement) {
    std::vector<const char*> values;
    values.reserve(statement.parameters.size());
    for (const auto& value : statement.parameters) {
        values.push_back(value.c_str());
    }
    return values;
}

}  // namespace

Connection::Connection(Endpoint endpoint, pg_conn* raw)
    : endpoint_(std::move(endpoint)),
      raw_(raw),
      limit_(
          endpoint_.kind == SessionKind::Maintenance ? ReceiveLimit::kMost
                                                     : ReceiveLimit::kMostOfOne
      ) {
    PQsetNoticeReceiver(
        raw_,
        [](void* context, const PGresult* notice) {
            const auto state = field(notice, PG_DIAG_SQLSTATE);
            // REVOKE and GRANT without rights only warn, and change nothing.
            if (state == "01006" || state == "01007") {
                auto& notices = *static_cast<Notices*>(context);
                notices.refused_state = state;
                notices.refused_message = field(notice, PG_DIAG_MESSAGE_PRIMARY);
            }
        },
        notices_.get()
    );
}

Connection::~Connection() {
    PQfinish(raw_);
}

void Connection::abandon(const CallContext& call) {
    // Not PQcancel: it blocks and goes without TLS. statement_timeout ends the statement on the
    // server.
    is_broken_ = true;
    const bool stopped = call.stop.stop_requested();
    throw Error(
        {FailureClass::Transient,
         FailureOrigin::Postgres,
         stopped ? "Stopped" : "Timeout",
         "PostgreSQL " + to_string(endpoint_) +
             (stopped ? ": given up because the operator stops"
                      : ": no answer within the time allowed") +
             "; the outcome is unknown. It is looked at anew."}
    );
}

void Connection::raise_lost() {
    is_broken_ = true;
    throw Error(
        {FailureClass::Transient,
         FailureOrigin::Postgres,
         "ConnectionLost",
         "PostgreSQL " + to_string(endpoint_) +
             ": the connection was lost; the outcome is unknown. It is looked at anew."}
    );
}

namespace {

std::string detail_of(const pg_result* result) {
    const auto detail = brief(field(result, PG_DIAG_MESSAGE_DETAIL));
    return detail.empty() ? "" : " DETAIL: " + detail;
}

}  // namespace

Error Connection::failure_of(const pg_result* result, const sql::Statement& statement) {
    const auto state = field(result, PG_DIAG_SQLSTATE);
    if (state.empty() && PQstatus(raw_) != CONNECTION_BAD) {
        // Of libpq itself: no server refuses without one.
        raise_unexpected("sent what can't be understood");
    }
    return Error(
        {class_of(state),
         FailureOrigin::Postgres,
         state,
         "PostgreSQL " + to_string(endpoint_) + " refused" +
             (state == kDenied ? told(statement) : "") + ": " +
             brief(field(result, PG_DIAG_MESSAGE_PRIMARY)) + " (SQLSTATE " + state + ")." +
             detail_of(result) + " The transaction was undone."}
    );
}

void Connection::raise_unexpected(const std::string& what) {
    is_broken_ = true;
    throw Error(
        {FailureClass::Transient,
         FailureOrigin::Postgres,
         "UnexpectedAnswer",
         "PostgreSQL " + to_string(endpoint_) + ": the server " + what +
             ", so it was left; the outcome is unknown. Check that host and port are those of the "
             "PostgreSQL server that is meant; it is tried again."}
    );
}

void Connection::read_answers(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        raise_unexpected(
            "sent another answer than was asked for (" + printable(error.what()) + ")"
        );
    }
}

void Connection::wait_socket(bool for_write, const CallContext& call) {
    pollfd entry{PQsocket(raw_), static_cast<short>(for_write ? POLLOUT | POLLIN : POLLIN), 0};
    for (;;) {
        if (call.stop.stop_requested() || call.deadline.has_passed()) {
            abandon(call);
        }
        if (limit_.is_exceeded(PQsocket(raw_))) {
            raise_unexpected("sent more than " + limit_.text() + " for one answer");
        }
        const auto span = std::min(call.deadline.left(), kLongestSleep);
        if (::poll(&entry, 1, static_cast<int>(span.count())) > 0) {
            return;
        }
    }
}

void Connection::begin_answer() {
    *notices_ = {};
    limit_.restart(PQsocket(raw_));
}

void Connection::send(const sql::Statement& statement) {
    const auto values = values_of(statement);
    const int sent = PQsendQueryParams(
        raw_,
        statement.text.c_str(),
        static_cast<int>(values.size()),
        nullptr,
        values.data(),
        nullptr,
        nullptr,
        0
    );
    if (sent == 0) {
        raise_lost();
    }
}

const std::string& Connection::prepare(const sql::Statement& statement, const CallContext& call) {
    const auto& text = statement.text;
    const auto known = prepared_.find(text);
    if (known != prepared_.end()) {
        return known->second;
    }
    const auto name = "kept_" + std::to_string(prepared_.size());
    begin_answer();
    if (PQsendPrepare(raw_, name.c_str(), text.c_str(), 0, nullptr) == 0) {
        raise_lost();
    }
    flush(call);
    receive(statement, call);
    return prepared_.emplace(text, name).first->second;
}

void Connection::flush(const CallContext& call) {
    for (int left = PQflush(raw_); left != 0; left = PQflush(raw_)) {
        if (left < 0) {
            raise_lost();
        }
        wait_socket(true, call);
        if (PQconsumeInput(raw_) == 0) {
            raise_lost();
        }
    }
}

void Connection::await_result(const CallContext& call) {
    while (PQisBusy(raw_) != 0) {
        wait_socket(false, call);
        if (PQconsumeInput(raw_) == 0) {
            raise_lost();
        }
    }
}

void Connection::raise_refused() {
    if (!notices_->refused_state.empty()) {
        const auto notices = std::exchange(*notices_, {});
        throw Error(
            {class_of(notices.refused_state),
             FailureOrigin::Postgres,
             notices.refused_state,
             "PostgreSQL " + to_string(endpoint_) + " changed nothing: " +
                 brief(notices.refused_message) + " (SQLSTATE " + notices.refused_state +
                 "). The administrator lacks rights on the object; a DBA has to grant them."}
        );
    }
}

void Connection::name_session(const CallContext& call) {
    if (name_ != call.reconcile_id) {
        name_ = call.reconcile_id;
        read_answers([&] {
            const auto rows =
                run(sql::name_session("djangodb-operator/" + call.reconcile_id), call);
            // Another transaction than the session's first one.
            require_no_pooler(std::stoll(rows.at(0).at(1).value()));
        });
    }
}

Rows Connection::run(const sql::Statement& statement, const CallContext& call) {
    name_session(call);
    if (!statement.is_kept) {
        begin_answer();
        send(statement);
    } else {
        const auto& name = prepare(statement, call);
        const auto values = values_of(statement);
        begin_answer();
        if (PQsendQueryPrepared(
                raw_,
                name.c_str(),
                static_cast<int>(values.size()),
                values.data(),
                nullptr,
                nullptr,
                0
            ) == 0) {
            raise_lost();
        }
    }
    flush(call);
    return receive(statement, call);
}

Rows Connection::receive(const sql::Statement& statement, const CallContext& call) {
    Rows rows;
    std::optional<Error> failure;
    for (;;) {
        await_result(call);
        const Result result(PQgetResult(raw_));
        if (!result) {
            break;
        }
        if (is_copy(result.get())) {
            raise_unexpected("began a COPY that nobody asked for");
        }
        if (is_failure(result.get())) {
            failure = failure_of(result.get(), statement);
        } else {
            rows = rows_of(result.get());
        }
    }
    if (PQstatus(raw_) == CONNECTION_BAD) {
        raise_lost();
    }
    if (failure) {
        throw Error(*failure);
    }
    raise_refused();
    return rows;
}

void Connection::run_batch(const sql::Batch& batch, const CallContext& call) {
    name_session(call);
    begin_answer();
    if (PQenterPipelineMode(raw_) == 0) {
        raise_lost();
    }
    for (const auto& statement : batch) {
        send(statement);
    }
    if (PQpipelineSync(raw_) == 0) {
        raise_lost();
    }
    flush(call);
    drain_batch(batch, call);
    raise_refused();
}

void Connection::drain_batch(const sql::Batch& batch, const CallContext& call) {
    std::optional<Error> failure;
    std::size_t done = 0;
    for (bool at_end = false; !at_end;) {
        await_result(call);
        const Result result(PQgetResult(raw_));
        if (PQstatus(raw_) == CONNECTION_BAD) {
            raise_lost();
        }
        if (is_copy(result.get())) {
            raise_unexpected("began a COPY that nobody asked for");
        }
        if (!result) {
            continue;  // between two statements
        }
        at_end = PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC;
        if (is_failure(result.get())) {
            failure = failure_of(result.get(), batch.at(done));
        }
        ++done;
    }
    if (PQexitPipelineMode(raw_) == 0) {
        raise_lost();
    }
    if (failure) {
        throw Error(*failure);
    }
}

bool Connection::is_usable() {
    if (is_broken_ || PQstatus(raw_) != CONNECTION_OK) {
        return false;
    }
    pollfd entry{PQsocket(raw_), POLLIN, 0};
    if (::poll(&entry, 1, 0) == 0) {
        return true;
    }
    // Unasked input is a farewell or the end of the stream.
    return PQconsumeInput(raw_) != 0 && PQstatus(raw_) == CONNECTION_OK &&
           (::poll(&entry, 1, 0) == 0);
}

int Connection::server_version() const {
    return PQserverVersion(raw_);
}

bool Connection::is_superuser() const {
    const char* reported = PQparameterStatus(raw_, "is_superuser");
    return reported != nullptr && std::string_view(reported) == "on";
}

std::string Connection::tls_version() const {
    const char* version = PQsslInUse(raw_) == 0 ? nullptr : PQsslAttribute(raw_, "protocol");
    return version == nullptr ? "" : version;
}

std::optional<TimePoint> Connection::certificate_expiry() const {
    auto* session = static_cast<SSL*>(PQsslStruct(raw_, "OpenSSL"));
    if (session == nullptr) {
        return std::nullopt;
    }
    const Certificate shown(SSL_get1_peer_certificate(session));
    return shown ? std::optional(not_after(shown.get())) : std::nullopt;
}

std::int64_t Connection::backend_pid() const {
    return PQbackendPID(raw_);
}

}  // namespace djdb::postgres
