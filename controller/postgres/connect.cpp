// How a session begins: addresses, TLS, pinned settings, and what it means when it does not.
#include "controller/postgres/ca_file.hpp"
#include "controller/postgres/connection.hpp"
#include "controller/postgres/resolve.hpp"
#include "controller/postgres/sql_state.hpp"
#include "reconcilers/failure.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <utility>

extern char** environ;

namespace djdb::postgres {
namespace {

constexpr std::chrono::seconds kConnectWithin{8};
constexpr std::chrono::milliseconds kLongestSleep{100};

struct Finisher {
    void operator()(PGconn* raw) const { PQfinish(raw); }
};
using RawConnection = std::unique_ptr<PGconn, Finisher>;

[[noreturn]] void refuse(
    const Endpoint& to, ConnectPhase phase, const std::string& state, const std::string& detail
) {
    const auto code = connect_code(phase, state);
    throw Error(
        {connect_class(phase, state),
         FailureOrigin::Postgres,
         code,
         "Can't connect to PostgreSQL " + to_string(to) + ": " + detail +
             (state.empty() ? "" : " (SQLSTATE " + state + ")") + ". Nothing was changed. " +
             std::string(connect_advice(code))}
    );
}

/// A comma would start libpq's list of hosts.
void require_single_host(const Endpoint& to) {
    const auto is_bad = [](char c) {
        return c <= ' ' || c == ',' || c == '/' || c == '@' || c == 0x7F;
    };
    if (to.host.empty() || std::ranges::any_of(to.host, is_bad)) {
        refuse(to, ConnectPhase::Resolve, "", "the host name is not one");
    }
}

std::string repeated(const std::string& word, std::size_t times) {
    std::string list = word;
    for (std::size_t i = 1; i < times; ++i) {
        list += "," + word;
    }
    return list;
}

std::string joined(const std::vector<std::string>& words) {
    std::string list;
    for (const auto& word : words) {
        list += (list.empty() ? "" : ",") + word;
    }
    return list;
}

/// An administrator's session pins what a database's owner could have set for it (search_path,
/// read-only, timeouts), and keeps parameters, which carry verifiers, out of the server's log of
/// errors; a tenant's gets limits only, so that it shows what the app will get.
std::string options_of(SessionKind kind) {
    const std::string limits =
        "-c statement_timeout=30s -c lock_timeout=5s"
        " -c idle_in_transaction_session_timeout=30s";
    return kind == SessionKind::Tenant
               ? limits
               : limits +
                     " -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=off"
                     " -c standard_conforming_strings=on -c log_parameter_max_length_on_error=0";
}

using Keywords = std::vector<std::pair<const char*, std::string>>;

Keywords keywords_of(
    const Endpoint& to,
    const std::vector<std::string>& addresses,
    const CaFile& ca,
    const std::string& reconcile_id
) {
    return {
        {"host", repeated(to.host, addresses.size())},
        {"hostaddr", joined(addresses)},
        {"port", std::to_string(to.port)},
        {"dbname", to.database},
        {"user", to.user},
        {"sslmode", "verify-full"},
        {"sslrootcert", ca.path()},
        {"ssl_min_protocol_version", "TLSv1.2"},
        {"channel_binding", "require"},
        {"gssencmode", "disable"},
        {"target_session_attrs", "read-write"},
        {"client_encoding", "UTF8"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "10000"},
        {"application_name", "djangodb-operator/" + reconcile_id},
        {"options", options_of(to.kind)},
    };
}

RawConnection start(const Endpoint& to, const Keywords& keywords) {
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : keywords) {
        names.push_back(name);
        values.push_back(value.c_str());
    }
    // Not in the list of strings, whose memory nobody wipes.
    names.push_back("password");
    values.push_back(to.password.reveal().c_str());
    names.push_back(nullptr);
    values.push_back(nullptr);
    RawConnection raw(PQconnectStartParams(names.data(), values.data(), 0));
    if (!raw) {
        refuse(to, ConnectPhase::Tcp, "", "libpq is out of memory");
    }
    // libpq has no call for the SQLSTATE of a failed login; verbose text carries it.
    PQsetErrorVerbosity(raw.get(), PQERRORS_VERBOSE);
    return raw;
}

ConnectPhase phase_of(ConnStatusType status) {
    if (status == CONNECTION_STARTED || status == CONNECTION_NEEDED || status == CONNECTION_BAD) {
        return ConnectPhase::Tcp;
    }
    return status == CONNECTION_SSL_STARTUP || status == CONNECTION_MADE ? ConnectPhase::Tls
                                                                         : ConnectPhase::Login;
}

[[noreturn]] void refuse_late(const Endpoint& to, ConnectPhase phase, const CallContext& call) {
    if (call.stop.stop_requested()) {
        throw Error(
            {FailureClass::Transient,
             FailureOrigin::Operator,
             "Stopped",
             "The operator stops; connecting to " + to_string(to) + " was given up."}
        );
    }
    refuse(to, phase, "", "the server did not answer in time");
}

void sleep_on(const PGconn* raw, bool for_write, const Deadline& deadline) {
    pollfd entry{PQsocket(raw), static_cast<short>(for_write ? POLLOUT : POLLIN), 0};
    const auto span = std::min(deadline.left(), kLongestSleep);
    ::poll(&entry, 1, static_cast<int>(span.count()));
}

bool is_ready(const PGconn* raw, bool for_write) {
    pollfd entry{PQsocket(raw), static_cast<short>(for_write ? POLLOUT : POLLIN), 0};
    return ::poll(&entry, 1, 0) != 0;
}

void complete(PGconn* raw, const Endpoint& to, const CallContext& call) {
    const auto deadline = call.deadline.or_earlier(kConnectWithin);
    auto wanted = PGRES_POLLING_WRITING;
    auto status = PQstatus(raw);
    while (wanted != PGRES_POLLING_OK && status != CONNECTION_BAD) {
        const bool for_write = wanted == PGRES_POLLING_WRITING;
        // The socket is asked for anew each time: it changes with the next address.
        while (!is_ready(raw, for_write)) {
            if (call.stop.stop_requested() || deadline.has_passed()) {
                refuse_late(to, phase_of(status), call);
            }
            sleep_on(raw, for_write, deadline);
        }
        wanted = PQconnectPoll(raw);
        if (wanted == PGRES_POLLING_FAILED) {
            break;
        }
        status = PQstatus(raw);
    }
    if (wanted != PGRES_POLLING_OK) {
        const std::string text = PQerrorMessage(raw);
        refuse(to, phase_of(status), state_in(text), brief(text));
    }
}

}  // namespace

std::unique_ptr<Connection> Connection::open(const Endpoint& to, const CallContext& call) {
    require_single_host(to);
    const CaFile ca(to.ca_pem);
    auto resolving = call;
    resolving.deadline = call.deadline.or_earlier(kConnectWithin);
    const auto addresses = resolve(to.host, resolving);
    if (addresses.empty()) {
        if (call.stop.stop_requested()) {
            refuse_late(to, ConnectPhase::Resolve, call);
        }
        refuse(to, ConnectPhase::Resolve, "", "the host name does not resolve");
    }
    auto raw = start(to, keywords_of(to, addresses, ca, call.reconcile_id));
    complete(raw.get(), to, call);
    // Errors of statements show SQLSTATE and primary message from their own fields.
    PQsetErrorVerbosity(raw.get(), PQERRORS_SQLSTATE);
    PQsetnonblocking(raw.get(), 1);
    std::unique_ptr<Connection> session(new Connection(to, raw.release()));
    session->name_ = call.reconcile_id;
    return session;
}

void forget_libpq_environment() {
    std::vector<std::string> names;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.starts_with("PG")) {
            names.emplace_back(text.substr(0, text.find('=')));
        }
    }
    for (const auto& name : names) {
        ::unsetenv(name.c_str());
    }
}

}  // namespace djdb::postgres
