// How a session begins: addresses, TLS, pinned settings, and what it means when it does not.
#include "controller/postgres/diagnosis/certificates.hpp"
#include "controller/postgres/diagnosis/diagnosis.hpp"
#include "controller/postgres/diagnosis/sql_state.hpp"
#include "controller/postgres/session/connection.hpp"
#include "controller/postgres/session/pem_file.hpp"
#include "controller/postgres/session/receive_limit.hpp"
#include "controller/postgres/session/resolve.hpp"
#include "controller/postgres/session/scram_limit.hpp"
#include "crds/text.hpp"
#include "reconcilers/manifests/sslmode.hpp"
#include "reconcilers/ports/failure.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace djdb::postgres {
namespace {

constexpr std::chrono::seconds kConnectWithin{8};
constexpr std::chrono::milliseconds kLongestSleep{100};

struct Finisher {
    void operator()(PGconn* raw) const { PQfinish(raw); }
};
using RawConnection = std::unique_ptr<PGconn, Finisher>;

/// A comma would start libpq's list of hosts.
bool is_single_host(const Endpoint& to) {
    const auto is_bad = [&](char c) {
        return c <= ' ' || c == ',' || c == '@' || c == 0x7F || (c == '/' && !to.is_socket());
    };
    return !to.server.host.empty() && std::ranges::none_of(to.server.host, is_bad);
}

std::string repeated(const std::string& word, std::size_t times) {
    std::string list = word;
    for (std::size_t i = 1; i < times; ++i) {
        list += "," + word;
    }
    return list;
}

std::string options_of(SessionKind kind) {
    std::string options;
    for (const auto& [name, value] : sql::pinned_settings(kind)) {
        options += " -c " + std::string(name) + "=" + std::string(value);
    }
    return options;
}

using Keywords = std::vector<std::pair<const char*, std::string>>;

/// What libpq reads while it connects.
struct Files {
    explicit Files(const Endpoint& to)
        : ca(to.server.tls.ca_pem),
          certificate(to.login.certificate.pem),
          key(to.login.certificate.key_pem.reveal()) {}

    PemFile ca;
    PemFile certificate;
    PemFile key;
};

void add_transport(
    Keywords& keywords,
    const Endpoint& to,
    const std::vector<std::string>& addresses,
    const Files& files
) {
    if (to.is_socket()) {
        keywords.insert(
            keywords.end(),
            {{"host", to.server.host}, {"sslmode", "disable"}, {"channel_binding", "disable"}}
        );
        return;
    }
    const bool has_certificate = !to.login.certificate.pem.empty();
    // libpq verifies with whatever root it finds, whatever the mode.
    const bool verifies = to.server.tls.mode != TlsMode::Require;
    keywords.insert(
        keywords.end(),
        {{"host", repeated(to.server.host, addresses.size())},
         {"hostaddr", join(addresses, ",")},
         {"sslmode", sslmode(to.server.tls.mode)},
         {"sslrootcert", verifies ? files.ca.path() : kNoFile},
         {"sslcrl", kNoFile},
         {"sslcert", has_certificate ? files.certificate.path() : kNoFile},
         {"sslkey", has_certificate ? files.key.path() : kNoFile},
         {"ssl_min_protocol_version", "TLSv1.2"},
         {"channel_binding", to.binds_channel ? "require" : "prefer"}}
    );
}

Keywords keywords_of(
    const Endpoint& to,
    const std::vector<std::string>& addresses,
    const Files& files,
    const std::string& reconcile_id
) {
    Keywords keywords{
        {"port", std::to_string(to.server.port)},
        {"dbname", to.database},
        {"user", to.login.user},
        {"gssencmode", "disable"},
        {"client_encoding", "UTF8"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "10000"},
        {"application_name", "djangodb-operator/" + reconcile_id},
        {"options", options_of(to.kind)},
    };
    add_transport(keywords, to, addresses, files);
    return keywords;
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
    values.push_back(to.login.password.reveal().c_str());
    names.push_back(nullptr);
    values.push_back(nullptr);
    RawConnection raw(PQconnectStartParams(names.data(), values.data(), 0));
    if (!raw) {
        throw std::bad_alloc();
    }
    // libpq has no call for the SQLSTATE of a failed login; verbose text carries it.
    PQsetErrorVerbosity(raw.get(), PQERRORS_VERBOSE);
    // By default libpq prints them: a server would write our log.
    PQsetNoticeReceiver(
        raw.get(), [](void*, const PGresult*) {}, nullptr
    );
    return raw;
}

ConnectPhase phase_of(ConnStatusType status) {
    if (status == CONNECTION_STARTED || status == CONNECTION_NEEDED || status == CONNECTION_BAD) {
        return ConnectPhase::Tcp;
    }
    return status == CONNECTION_SSL_STARTUP || status == CONNECTION_MADE ? ConnectPhase::Tls
                                                                         : ConnectPhase::Login;
}

void require_running(const Endpoint& to, const CallContext& call) {
    if (call.stop.stop_requested()) {
        throw Error(
            {FailureClass::Transient,
             FailureOrigin::Operator,
             "Stopped",
             "The operator stops; connecting to " + to_string(to) + " was given up."}
        );
    }
}

/// A while at most. The socket is asked for anew each time: it changes with the next address.
bool becomes_ready(const PGconn* raw, bool for_write, const Deadline& deadline) {
    pollfd entry{PQsocket(raw), static_cast<short>(for_write ? POLLOUT : POLLIN), 0};
    const auto span = std::min(deadline.left(), kLongestSleep);
    return ::poll(&entry, 1, static_cast<int>(span.count())) != 0;
}

/// Also of a server that always has something to say.
/// @return why nothing more is read of it; nothing when it has time left and kept within the limit
std::optional<FailedConnect> find_excess(
    const PGconn* raw, const Deadline& deadline, const ReceiveLimit& limit
) {
    if (deadline.has_passed()) {
        return FailedConnect{phase_of(PQstatus(raw)), true, "", "nobody answers in time", {}};
    }
    if (limit.is_exceeded(PQsocket(raw))) {
        return FailedConnect{
            phase_of(PQstatus(raw)), false, "", "it sent more than " + limit.text(), {}};
    }
    return std::nullopt;
}

/// @return how it failed; nothing when it is connected
std::optional<FailedConnect> complete(PGconn* raw, const Endpoint& to, const CallContext& call) {
    const auto deadline = call.deadline.or_earlier(kConnectWithin);
    const ReceiveLimit limit(ReceiveLimit::kMostOfOne);
    ScramLimit hashing(to.most_iterations);
    auto wanted = PGRES_POLLING_WRITING;
    auto status = PQstatus(raw);
    while (wanted != PGRES_POLLING_OK && status != CONNECTION_BAD) {
        require_running(to, call);
        if (auto excess = find_excess(raw, deadline, limit)) {
            return excess;
        }
        if (!becomes_ready(raw, wanted == PGRES_POLLING_WRITING, deadline)) {
            continue;
        }
        if (status == CONNECTION_AWAITING_RESPONSE && !hashing.look_ahead(raw)) {
            continue;
        }
        if (hashing.excess()) {
            return FailedConnect{phase_of(status), false, "", "", {}, hashing.excess()};
        }
        wanted = PQconnectPoll(raw);
        hashing.follow(raw);
        if (wanted == PGRES_POLLING_FAILED) {
            break;
        }
        status = PQstatus(raw);
    }
    if (wanted == PGRES_POLLING_OK) {
        return std::nullopt;
    }
    const std::string text = PQerrorMessage(raw);
    return FailedConnect{phase_of(status), false, state_in(text), brief(text), {}};
}

std::vector<std::string> addresses_of(const Endpoint& to, const CallContext& call) {
    if (to.is_socket() || !is_single_host(to)) {
        return {};
    }
    auto resolving = call;
    resolving.deadline = call.deadline.or_earlier(kConnectWithin);
    auto addresses = resolve(to.server.host, resolving);
    require_running(to, call);
    return addresses;
}

[[noreturn]] void refuse(
    const Endpoint& to,
    FailedConnect failed,
    std::vector<std::string> addresses,
    const CallContext& call
) {
    failed.addresses = std::move(addresses);
    throw Error(diagnose(to, failed, call.deadline));
}

}  // namespace

std::unique_ptr<Connection> Connection::open(const Endpoint& to, const CallContext& call) {
    require_usable_certificates(to);
    auto addresses = addresses_of(to, call);
    if (!is_single_host(to)) {
        refuse(to, {ConnectPhase::Resolve, false, "", "the host name is not one", {}}, {}, call);
    }
    if (addresses.empty() && !to.is_socket()) {
        refuse(
            to, {ConnectPhase::Resolve, false, "", "the host name does not resolve", {}}, {}, call
        );
    }
    const Files files(to);
    auto raw = start(to, keywords_of(to, addresses, files, call.reconcile_id));
    if (auto failed = complete(raw.get(), to, call)) {
        raw.reset();
        refuse(to, std::move(*failed), std::move(addresses), call);
    }
    // Errors of statements show SQLSTATE and primary message from their own fields.
    PQsetErrorVerbosity(raw.get(), PQERRORS_SQLSTATE);
    PQsetnonblocking(raw.get(), 1);
    std::unique_ptr<Connection> session(new Connection(to, raw.release()));
    session->name_ = call.reconcile_id;
    session->require_the_server(call);
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
