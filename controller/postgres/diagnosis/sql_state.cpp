#include "controller/postgres/diagnosis/sql_state.hpp"

#include "crds/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace djdb::postgres {
namespace {

using ClassRow = std::pair<std::string_view, FailureClass>;

constexpr std::array kStates{
    ClassRow{"55006", FailureClass::Transient},  // object in use
    ClassRow{"55P03", FailureClass::Transient},  // lock timeout
    ClassRow{"55000", FailureClass::Transient},  // database closed for now
    ClassRow{"25006", FailureClass::Transient},  // read only: a standby, failover under way
    ClassRow{"42501", FailureClass::Forbidden},
    ClassRow{"XX000", FailureClass::Transient},
    ClassRow{"42P04", FailureClass::Conflict},   // database exists
    ClassRow{"42710", FailureClass::Conflict},   // role exists
    ClassRow{"42P06", FailureClass::Conflict},   // schema exists
    ClassRow{"42P07", FailureClass::Conflict},   // table exists
    ClassRow{"01006", FailureClass::Forbidden},  // REVOKE without rights changed nothing
    ClassRow{"01007", FailureClass::Forbidden},  // GRANT without rights changed nothing
};

constexpr std::array kClasses{
    ClassRow{"08", FailureClass::Transient},
    ClassRow{"40", FailureClass::Transient},
    ClassRow{"53", FailureClass::Transient},
    ClassRow{"57", FailureClass::Transient},
    ClassRow{"58", FailureClass::Transient},
    ClassRow{"23", FailureClass::Conflict},
    ClassRow{"2B", FailureClass::Conflict},
    ClassRow{"28", FailureClass::Forbidden},
    ClassRow{"22", FailureClass::Invalid},
    ClassRow{"42", FailureClass::Invalid},
    ClassRow{"3D", FailureClass::Transient},
    ClassRow{"3F", FailureClass::Invalid},
    ClassRow{"0A", FailureClass::Terminal},
    ClassRow{"XX", FailureClass::Terminal},
    ClassRow{"DJ", FailureClass::Conflict},
};

constexpr std::array<std::pair<std::string_view, Reason>, 7> kConnectReasons{{
    {"28P01", Reason::AuthRejected},
    {"28000", Reason::AccessRuleRejected},
    {"3D000", Reason::DatabaseMissing},
    {"53300", Reason::TooManyConnections},
    {"57P03", Reason::ServerStarting},
    {"57P01", Reason::ServerStarting},
    // To a login that libpq began well: what PgBouncer refuses, start-up options above all.
    {"08P01", Reason::PoolerInPath},
}};

template <class Table>
auto find_in(const Table& table, std::string_view key) {
    return std::ranges::find_if(table, [&](const auto& row) { return row.first == key; });
}

bool is_state_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

}  // namespace

FailureClass class_of(std::string_view sql_state) {
    if (const auto row = find_in(kStates, sql_state); row != kStates.end()) {
        return row->second;
    }
    const auto row = find_in(kClasses, sql_state.substr(0, 2));
    return row != kClasses.end() ? row->second : FailureClass::Transient;
}

bool is_race(std::string_view sql_state) {
    static constexpr std::array<std::string_view, 7> kRaces{
        "XX000", "40001", "40P01", "55P03", "55006", "23505", "42710"};
    return std::ranges::find(kRaces, sql_state) != kRaces.end();
}

std::optional<Reason> connect_reason(ConnectPhase phase, std::string_view sql_state) {
    if (!sql_state.empty()) {
        const auto row = find_in(kConnectReasons, sql_state);
        return row != kConnectReasons.end() ? std::optional(row->second) : std::nullopt;
    }
    switch (phase) {
        case ConnectPhase::Resolve:
            return Reason::DNSFailed;
        case ConnectPhase::Tcp:
            return Reason::TCPUnreachable;
        case ConnectPhase::Tls:
            return Reason::TLSVerifyFailed;
        case ConnectPhase::Login:
            break;
    }
    return std::nullopt;
}

std::string connect_code(ConnectPhase phase, std::string_view sql_state) {
    if (!sql_state.empty()) {
        return std::string(sql_state);
    }
    switch (phase) {
        case ConnectPhase::Resolve:
            return "Resolve";
        case ConnectPhase::Tcp:
            return "Connect";
        case ConnectPhase::Tls:
            return "Tls";
        case ConnectPhase::Login:
            break;
    }
    return "Login";
}

FailureClass connect_class(ConnectPhase, std::string_view sql_state) {
    return sql_state.empty() ? FailureClass::Transient : class_of(sql_state);
}

std::string state_in(std::string_view text) {
    // "SEVERITY:  XXXXX: message"; the severity may be translated, the shape is not.
    for (auto at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
        const auto state = text.substr(at + 3, 5);
        if (state.size() == 5 && std::ranges::all_of(state, is_state_char) &&
            text.substr(at + 8, 2) == ": ") {
            return std::string(state);
        }
    }
    return {};
}

std::string brief(std::string_view text) {
    if (const auto state = state_in(text); !state.empty()) {
        text = text.substr(text.find(state + ": ") + 7);
    } else if (const auto failed = text.find(" failed: "); failed != std::string_view::npos) {
        text = text.substr(failed + 9);
    }
    return printable(text.substr(0, text.find('\n')));
}

std::string printable(std::string_view text) {
    auto line = beginning_of(text, 200);
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' '
    );
    return line;
}

}  // namespace djdb::postgres
