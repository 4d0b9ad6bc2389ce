#include "controller/postgres/diagnosis/sql_state.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace djdb::postgres {
namespace {

TEST(SqlState, EachHasItsClass) {
    using Row = std::pair<const char*, FailureClass>;
    constexpr std::array kRows{
        Row{"08006", FailureClass::Transient}, Row{"40001", FailureClass::Transient},
        Row{"40P01", FailureClass::Transient}, Row{"53100", FailureClass::Transient},
        Row{"53300", FailureClass::Transient}, Row{"55P03", FailureClass::Transient},
        Row{"57014", FailureClass::Transient}, Row{"57P03", FailureClass::Transient},
        Row{"25006", FailureClass::Transient}, Row{"XX000", FailureClass::Transient},
        Row{"XX001", FailureClass::Terminal},  Row{"28P01", FailureClass::Forbidden},
        Row{"42501", FailureClass::Forbidden}, Row{"01007", FailureClass::Forbidden},
        Row{"23505", FailureClass::Conflict},  Row{"42P04", FailureClass::Conflict},
        Row{"2BP01", FailureClass::Conflict},  Row{"42601", FailureClass::Invalid},
        Row{"22023", FailureClass::Invalid},   Row{"0A000", FailureClass::Terminal},
    };
    for (const auto& [state, kind] : kRows) {
        EXPECT_EQ(class_of(state), kind) << state;
    }
}

TEST(SqlState, ConnectReasons) {
    EXPECT_EQ(connect_reason(ConnectPhase::Resolve, ""), Reason::DNSFailed);
    EXPECT_EQ(connect_reason(ConnectPhase::Tcp, ""), Reason::TCPUnreachable);
    EXPECT_EQ(connect_reason(ConnectPhase::Tls, ""), Reason::TLSVerifyFailed);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "28P01"), Reason::AuthRejected);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "28000"), Reason::AccessRuleRejected);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "3D000"), Reason::DatabaseMissing);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "53300"), Reason::TooManyConnections);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "57P03"), Reason::ServerStarting);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "08P01"), Reason::PoolerInPath);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, "42704"), std::nullopt);
    EXPECT_EQ(connect_reason(ConnectPhase::Login, ""), std::nullopt);
}

TEST(SqlState, ConnectCodes) {
    EXPECT_EQ(connect_code(ConnectPhase::Login, "28P01"), "28P01");
    EXPECT_EQ(connect_code(ConnectPhase::Resolve, ""), "Resolve");
    EXPECT_EQ(connect_code(ConnectPhase::Tcp, ""), "Connect");
    EXPECT_EQ(connect_code(ConnectPhase::Tls, ""), "Tls");
    EXPECT_EQ(connect_code(ConnectPhase::Login, ""), "Login");
}

TEST(SqlState, IsReadFromVerboseTextInAnyLanguage) {
    EXPECT_EQ(
        state_in("connection to server at \"x\", port 1 failed: FATAL:  28P01: no\nLOCATION: y"),
        "28P01"
    );
    EXPECT_EQ(state_in("SCHWERWIEGEND:  3D000: Datenbank fehlt"), "3D000");
    EXPECT_EQ(state_in("connection to server failed: Connection refused"), "");
}

TEST(SqlState, BriefIsOneCleanLine) {
    EXPECT_EQ(
        brief("connection to server at \"x\" failed: FATAL:  28P01: no\x1b\nLOCATION: y"), "no "
    );
    EXPECT_EQ(
        brief("connection to server at \"x\" failed: Connection refused\n\tIs it on?"),
        "Connection refused"
    );
    EXPECT_EQ(brief(std::string(500, 'a')).size(), 200U);
}

}  // namespace
}  // namespace djdb::postgres
