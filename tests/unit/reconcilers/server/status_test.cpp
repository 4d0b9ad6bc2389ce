// The truth table of reconcilers/server_status.cpp, row by row.
#include "reconcilers/server/status.hpp"

#include "reconcilers/server/rights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace djdb {
namespace {

using enum ConditionType;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr TimePoint kNow{std::chrono::seconds{1'800'000'000}};

PostgresServer a_server() {
    PostgresServer server;
    server.meta.key.name = ObjectName("main");
    server.meta.generation = 3;
    server.spec.host = "db.example";
    server.spec.tls.ca_secret_ref.name = "main-ca";
    return server;
}

ServerFacts good_facts() {
    ServerFacts facts;
    facts.version = "15.18";
    facts.version_number = 150018;
    facts.administrator.user = "admin";
    facts.administrator.can_create_database = true;
    facts.administrator.can_create_role = true;
    facts.identity = {"771", 2, 40};
    facts.has_ledger = true;
    facts.claims = 7;
    facts.tls_version = "TLSv1.3";
    facts.certificate_expiry = "2030-01-01T00:00:00Z";
    return facts;
}

ServerObservation sighting_of(const ServerFacts& facts) {
    ServerObservation observation;
    observation.lookup.reference = ServerReference::Found;
    observation.lookup.access = ServerAccess{};
    observation.facts = facts;
    return observation;
}

ServerObservation failed_with(Reason reason) {
    ServerObservation observation;
    observation.lookup.reference = ServerReference::Found;
    observation.lookup.access = ServerAccess{};
    observation.failure = Failure{
        .kind = FailureClass::Transient,
        .origin = FailureOrigin::Postgres,
        .message = "said of " + std::string(to_string(reason)),
        .reason = reason};
    return observation;
}

Condition condition_of(const PostgresServerStatus& status, ConditionType type) {
    const auto found = std::ranges::find(status.conditions, type, &Condition::type);
    return found == status.conditions.end() ? Condition{} : *found;
}

PostgresServerStatus judge(const PostgresServer& server, const ServerFacts& facts) {
    return derive_server_status(server, sighting_of(facts), kNow);
}

TEST(ServerStatus, AllIsWell) {
    const auto status = judge(a_server(), good_facts());
    EXPECT_EQ(status.observed_generation, 3);
    EXPECT_EQ(status.connection, "Connected");
    EXPECT_EQ(status.version, "15.18");
    EXPECT_EQ(status.system_identifier, "771");
    EXPECT_EQ(status.timeline, 2);
    EXPECT_EQ(status.ledger_revision, 40);
    EXPECT_EQ(status.claims, 7);
    EXPECT_EQ(status.tls, (TlsStatus{"TLSv1.3", "VerifyFull", "2030-01-01T00:00:00Z"}));
    EXPECT_EQ(status.administrator.user, "admin");
    EXPECT_TRUE(status.administrator.missing.empty());
    EXPECT_THAT(
        status.administrator.rights,
        ElementsAre(
            "CREATEDB",
            "CREATEROLE",
            "CONNECT ON DATABASE djangodb_operator",
            "CREATE ON DATABASE djangodb_operator"
        )
    );
    for (const auto& condition : status.conditions) {
        EXPECT_EQ(condition.status, ConditionStatus::True) << to_string(condition.type);
    }
    EXPECT_EQ(status.conditions.size(), 7U);
    EXPECT_TRUE(is_ready(status));
}

struct Row {
    const char* name;
    std::function<void(PostgresServer&, ServerFacts&)> change;
    ConditionType condition;
    Reason reason;
    bool is_ready;
    /// What the message has to say.
    const char* words;
};

TEST(ServerStatus, EachFactHasItsCondition) {
    static const std::vector<Row> kRows{
        {"no CREATEDB",
         [](auto&, auto& f) { f.administrator.can_create_database = false; },
         AdminAuthorized,
         Reason::AdminRightsMissing,
         false,
         "ALTER ROLE \"admin\" CREATEDB;"},
        {"no CREATEROLE",
         [](auto&, auto& f) { f.administrator.can_create_role = false; },
         AdminAuthorized,
         Reason::AdminRightsMissing,
         false,
         "ALTER ROLE \"admin\" CREATEROLE;"},
        {"may not enter the maintenance database",
         [](auto&, auto& f) { f.administrator.may_connect = false; },
         AdminAuthorized,
         Reason::AdminRightsMissing,
         false,
         R"(GRANT CONNECT ON DATABASE "djangodb_operator" TO "admin";)"},
        {"may not make the ledger",
         [](auto&, auto& f) { f.administrator.may_create = false; },
         AdminAuthorized,
         Reason::AdminRightsMissing,
         false,
         R"(GRANT CREATE ON DATABASE "djangodb_operator" TO "admin";)"},
        {"the ledger is of another administrator",
         [](auto&, auto& f) { f.administrator.ledger_owner = "old \"admin\""; },
         AdminAuthorized,
         Reason::AdminRightsMissing,
         false,
         R"(GRANT "old ""admin""" TO "admin";)"},
        {"superuser",
         [](auto&, auto& f) {
             f.administrator = {};
             f.administrator.user = "root";
             f.administrator.is_superuser = true;
         },
         LeastPrivilege,
         Reason::AdminIsSuperuser,
         true,
         "\"root\" is a superuser"},
        {"nothing is verified",
         [](auto& s, auto&) { s.spec.tls = {.mode = TlsMode::Require}; },
         TLSVerified,
         Reason::TLSNotVerified,
         true,
         "VerifyFull"},
        {"open to the public",
         [](auto&, auto& f) {
             f.public_connect = {"postgres", "template1"};
         },
         ClosedToPublic,
         Reason::PublicCanConnect,
         true,
         "REVOKE CONNECT ON DATABASE \"template1\" FROM PUBLIC;"},
        {"a release that ignores SET role",
         [](auto&, auto& f) {
             f.version = "15.9";
             f.version_number = 150009;
         },
         ServerReachable,
         Reason::BrokenServerVersion,
         false,
         "update the server"},
        {"a locale that is not one of UTF-8",
         [](auto&, auto& f) {
             f.has_maintenance_database = false;
             f.unfit_template = "de_DE, encoding LATIN1";
         },
         ServerReachable,
         Reason::LocaleNotUTF8,
         false,
         "de_DE, encoding LATIN1"},
    };
    for (const auto& row : kRows) {
        auto server = a_server();
        auto facts = good_facts();
        row.change(server, facts);
        const auto status = judge(server, facts);
        const auto found = condition_of(status, row.condition);
        EXPECT_EQ(found.status, ConditionStatus::False) << row.name;
        EXPECT_EQ(found.reason, row.reason) << row.name;
        EXPECT_THAT(found.message, HasSubstr(row.words)) << row.name;
        EXPECT_EQ(is_ready(status), row.is_ready) << row.name;
        if (!row.is_ready) {
            EXPECT_EQ(condition_of(status, Ready).reason, row.reason) << row.name;
        }
        EXPECT_EQ(
            std::ranges::count(status.conditions, ConditionStatus::False, &Condition::status),
            row.is_ready ? 1 : 2
        ) << row.name;
        server.status = status;
        EXPECT_EQ(derive_server_status(server, sighting_of(facts), kNow), status)
            << row.name << ": a settled one is not written";
    }
}

TEST(ServerStatus, EachVerdictIsTheConnectionAndWhatWasKnownStays) {
    auto server = a_server();
    server.status = judge(server, good_facts());
    for (const auto verdict :
         {Reason::DNSFailed,
          Reason::TCPUnreachable,
          Reason::TLSNotOffered,
          Reason::TLSVerifyFailed,
          Reason::AccessRuleRejected,
          Reason::AuthRejected,
          Reason::DatabaseMissing,
          Reason::TooManyConnections,
          Reason::ServerStarting,
          Reason::SessionNotPinned,
          Reason::PoolerInPath,
          Reason::ReadOnlyServer}) {
        const auto status = derive_server_status(server, failed_with(verdict), kNow);
        EXPECT_EQ(status.connection, to_string(verdict));
        EXPECT_EQ(condition_of(status, ServerReachable).reason, verdict);
        EXPECT_EQ(condition_of(status, Ready).reason, verdict);
        EXPECT_EQ(condition_of(status, SameServer).status, ConditionStatus::Unknown)
            << to_string(verdict);
        EXPECT_FALSE(is_ready(status));
        EXPECT_EQ(status.system_identifier, "771");
        EXPECT_EQ(status.ledger_revision, 40);
        EXPECT_EQ(status.administrator, server.status.administrator);
    }
}

TEST(ServerStatus, AnotherServerIsSaidAndNotRemembered) {
    auto server = a_server();
    server.status = judge(server, good_facts());
    for (const auto reason : {Reason::ServerIdentityChanged, Reason::ServerRestored}) {
        const auto status = derive_server_status(server, failed_with(reason), kNow);
        EXPECT_EQ(status.connection, "Connected");
        EXPECT_EQ(condition_of(status, ServerReachable).status, ConditionStatus::True);
        EXPECT_EQ(condition_of(status, SameServer).status, ConditionStatus::False);
        EXPECT_EQ(condition_of(status, SameServer).reason, reason);
        EXPECT_FALSE(is_ready(status));
        EXPECT_EQ(status.system_identifier, "771");
        EXPECT_EQ(status.timeline, 2);
        EXPECT_EQ(status.ledger_revision, 40);
    }
}

TEST(ServerStatus, ServerThatDoesNotTellKeepsItsIdentifier) {
    auto server = a_server();
    server.status = judge(server, good_facts());
    auto facts = good_facts();
    facts.identity = {"", 0, 41};
    const auto status = judge(server, facts);
    EXPECT_EQ(status.system_identifier, "771");
    EXPECT_EQ(status.timeline, 2);
    EXPECT_EQ(status.ledger_revision, 41);
}

TEST(ServerStatus, WhatIsMissingToLookIsNamed) {
    const std::vector<std::pair<ServerReference, Reason>> rows{
        {ServerReference::Undecodable, Reason::Undecodable},
        {ServerReference::AdminSecretMissing, Reason::AdminSecretMissing},
        {ServerReference::AdminSecretInvalid, Reason::AdminSecretInvalid},
        {ServerReference::CaMissing, Reason::CaSecretMissing},
        {ServerReference::ClientCertificateInvalid, Reason::ClientCertificateInvalid},
    };
    for (const auto& [reference, reason] : rows) {
        ServerObservation observation;
        observation.lookup.reference = reference;
        observation.lookup.detail = "\"the-object\"";
        const auto status = derive_server_status(a_server(), observation, kNow);
        EXPECT_EQ(condition_of(status, ServerReachable).reason, reason);
        EXPECT_EQ(condition_of(status, Ready).reason, reason);
        EXPECT_THAT(condition_of(status, Ready).message, HasSubstr("\"the-object\""));
        EXPECT_EQ(status.connection, to_string(reason));
    }
}

TEST(ServerStatus, SocketAndVerifyCaAreTold) {
    auto server = a_server();
    server.spec.tls.mode = TlsMode::VerifyCA;
    EXPECT_EQ(judge(server, good_facts()).tls.verification, "VerifyCA");
    server.spec.tls = {};
    server.spec.host = "/var/run/postgresql";
    auto facts = good_facts();
    facts.tls_version = facts.certificate_expiry = "";
    const auto status = judge(server, facts);
    EXPECT_EQ(status.tls, (TlsStatus{"", "Socket", ""}));
    EXPECT_EQ(condition_of(status, TLSVerified).status, ConditionStatus::True);
}

}  // namespace
}  // namespace djdb
