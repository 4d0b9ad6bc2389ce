#include "controller/postgres/session/breaker.hpp"

#include <gtest/gtest.h>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

Endpoint an_endpoint(const std::string& password = "p") {
    return {
        {"db", 5432, {TlsMode::VerifyFull, "ca"}},
        {"admin", Sensitive(password)},
        "djangodb_operator"};
}

Failure a_failure(Reason reason, const std::string& code = "Connect") {
    return {
        .kind = FailureClass::Transient,
        .origin = FailureOrigin::Postgres,
        .code = code,
        .message = "Can't connect: " + std::string(to_string(reason)),
        .reason = reason};
}

std::string asked(Breaker& breaker, const Endpoint& to, Breaker::Clock::time_point now) {
    try {
        breaker.require_closed(to, now);
        return "";
    } catch (const Error& error) {
        return error.failure().message;
    }
}

TEST(Breaker, ThrowsTheSameFailureUntilTheRestIsOver) {
    Breaker breaker;
    const Breaker::Clock::time_point start{1h};
    breaker.note_failure(an_endpoint(), a_failure(Reason::TCPUnreachable), start);
    EXPECT_EQ(asked(breaker, an_endpoint(), start + 999ms), "Can't connect: TCPUnreachable");
    EXPECT_EQ(asked(breaker, an_endpoint(), start + 1s), "");
}

TEST(Breaker, RestsLongerEachTimeAndAtMostHalfAMinute) {
    EXPECT_EQ(Breaker::rest_after(Reason::TCPUnreachable, 1), 1s);
    EXPECT_EQ(Breaker::rest_after(Reason::TCPUnreachable, 4), 8s);
    EXPECT_EQ(Breaker::rest_after(Reason::TCPUnreachable, 6), 30s);
    EXPECT_EQ(Breaker::rest_after(Reason::TCPUnreachable, 4'000'000'000U), 30s);
    EXPECT_EQ(Breaker::rest_after(Reason::AuthRejected, 1), 30s)
        << "no lock-out of the administrator";
}

TEST(Breaker, OneRefusalSeenByManyThreadsCountsOnce) {
    Breaker breaker;
    const Breaker::Clock::time_point start{1h};
    for (int i = 0; i < 8; ++i) {
        breaker.note_failure(an_endpoint(), a_failure(Reason::ServerStarting), start);
    }
    EXPECT_EQ(asked(breaker, an_endpoint(), start + 1s), "");
}

TEST(Breaker, WhatOneDatabaseRefusesStopsNoOtherOne) {
    const Breaker::Clock::time_point start{1h};
    struct Case {
        Reason reason;
        const char* code;
        bool is_of_all;
    };
    for (const auto& [reason, code, is_of_all] :
         {Case{Reason::DNSFailed, "Resolve", true},
          Case{Reason::TCPUnreachable, "Connect", true},
          Case{Reason::TLSVerifyFailed, "Tls", true},
          Case{Reason::AuthRejected, "28P01", true},
          Case{Reason::TCPUnreachable, "Login", false},
          Case{Reason::TooManyConnections, "53300", false},
          Case{Reason::AccessRuleRejected, "28000", false},
          Case{Reason::PoolerInPath, "08P01", false},
          Case{Reason::SessionNotPinned, "", false}}) {
        Breaker breaker;
        auto one = an_endpoint();
        one.database = "shop";
        auto other = one;
        other.database = "blog";
        breaker.note_failure(one, a_failure(reason, code), start);
        EXPECT_NE(asked(breaker, one, start), "") << code;
        EXPECT_EQ(!asked(breaker, other, start).empty(), is_of_all) << code;
        // All work begins in the maintenance database.
        Breaker in_maintenance;
        auto first = an_endpoint();
        first.kind = SessionKind::Maintenance;
        in_maintenance.note_failure(first, a_failure(reason, code), start);
        EXPECT_NE(asked(in_maintenance, other, start), "") << code;
    }
}

TEST(Breaker, AnotherDatabaseOfTheServerSharesItsFateAndAnotherPasswordDoesNot) {
    Breaker breaker;
    const Breaker::Clock::time_point start{1h};
    breaker.note_failure(an_endpoint(), a_failure(Reason::AuthRejected, "28P01"), start);
    auto other_database = an_endpoint();
    other_database.database = "shop";
    EXPECT_NE(asked(breaker, other_database, start), "");
    EXPECT_EQ(asked(breaker, an_endpoint("new"), start), "")
        << "a repaired Secret is tried immediately";
}

TEST(Breaker, SuccessForgetsAndTenantsAndMissingDatabasesNeverRest) {
    Breaker breaker;
    const Breaker::Clock::time_point start{1h};
    breaker.note_failure(an_endpoint(), a_failure(Reason::TCPUnreachable), start);
    breaker.note_success(an_endpoint());
    EXPECT_EQ(asked(breaker, an_endpoint(), start), "");
    breaker.note_failure(an_endpoint(), a_failure(Reason::DatabaseMissing), start);
    auto tenant = an_endpoint();
    tenant.kind = SessionKind::Tenant;
    breaker.note_failure(tenant, a_failure(Reason::AuthRejected), start);
    EXPECT_EQ(asked(breaker, an_endpoint(), start), "");
    EXPECT_EQ(asked(breaker, tenant, start), "");
}

}  // namespace
}  // namespace djdb::postgres
