// What was found                   | condition that says so                | Ready
// ---------------------------------|---------------------------------------|------
// Secret, CA or certificate missing| ServerReachable False                 | False
// connection failed                | ServerReachable False (the verdict)   | False
// another server, or of the past   | SameServer False, what was known stays| False
// a release that can't be used     | ServerReachable False                 | False
// no UTF-8 database can be made    | ServerReachable False, unless ours is | False
//   from template0                 |   there already                       |
// a right is missing               | AdminAuthorized False                 | False
// the administrator is a superuser | LeastPrivilege False                  | True
// mode Require                     | TLSVerified False                     | True
// PUBLIC may connect               | ClosedToPublic False                  | True
// nothing of these                 | all True                              | True
// What could not be looked at is Unknown.
#include "reconcilers/server/status.hpp"

#include "crds/text.hpp"
#include "reconcilers/server/rights.hpp"
#include "reconcilers/sql/inspect/server.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/text/quote.hpp"
#include "reconcilers/status/failure_reason.hpp"
#include "reconcilers/verdict.hpp"

#include <algorithm>
#include <array>

namespace djdb {
namespace {

using enum ConditionType;

constexpr std::array kShown{
    ServerReachable, SameServer, AdminAuthorized, LeastPrivilege, TLSVerified, ClosedToPublic};

bool is_socket(const PostgresServerSpec& spec) {
    return spec.host.starts_with('/');
}

std::string verification_of(const PostgresServerSpec& spec) {
    if (is_socket(spec)) {
        return "Socket";
    }
    switch (spec.tls.mode) {
        case TlsMode::VerifyFull:
            return "VerifyFull";
        case TlsMode::VerifyCA:
            return "VerifyCA";
        case TlsMode::Require:
            return "Require";
    }
    return "";
}

/// Collects the conditions of one status.
class ConditionBuilder {
  public:
    explicit ConditionBuilder(std::int64_t generation) : generation_(generation) {}

    void say(ConditionType type, ConditionStatus status, Reason reason, std::string message) {
        said_.push_back({type, status, reason, std::move(message), generation_, {}});
    }
    void good(ConditionType type, std::string message) {
        say(type, ConditionStatus::True, Reason::Succeeded, std::move(message));
    }
    void bad(ConditionType type, const Finding& finding) {
        say(type, ConditionStatus::False, finding.reason, finding.message);
    }
    /// Also the reason why the server can't be used, unless there is one already.
    void fatal(ConditionType type, const Finding& finding) {
        bad(type, finding);
        if (!why_not_) {
            why_not_ = finding;
        }
    }
    [[nodiscard]] bool is_said(ConditionType type) const {
        return std::ranges::find(said_, type, &Condition::type) != said_.end();
    }

    std::vector<Condition> finish() {
        for (const auto type : kShown) {
            if (!is_said(type)) {
                say(type,
                    ConditionStatus::Unknown,
                    Reason::WaitingForEarlierStage,
                    "Not known before the server can be looked at.");
            }
        }
        if (why_not_) {
            bad(ConditionType::Ready, *why_not_);
        } else {
            say(ConditionType::Ready,
                ConditionStatus::True,
                Reason::Ready,
                "The administrator can log in and may do the work.");
        }
        return std::move(said_);
    }

  private:
    std::int64_t generation_;
    std::vector<Condition> said_;
    std::optional<Finding> why_not_;
};

void judge_tls(const PostgresServerSpec& spec, const TlsStatus& tls, ConditionBuilder& sayings) {
    const auto expiry =
        tls.not_after.empty() ? "" : " The server's certificate expires " + tls.not_after + ".";
    if (tls.verification == "Require") {
        sayings.bad(
            TLSVerified,
            {Reason::TLSNotVerified,
             "Connections are encrypted to whoever answers, who can read and change all of it. Set "
             "spec.tls.mode to VerifyFull and give a CA." +
                 expiry}
        );
    } else if (is_socket(spec)) {
        sayings.good(TLSVerified, "A socket needs no TLS.");
    } else if (tls.verification == "VerifyCA") {
        sayings.good(TLSVerified, "The CA is verified, the host's name is not." + expiry);
    } else {
        sayings.good(TLSVerified, "The CA and the host's name are verified." + expiry);
    }
}

void judge_public(const ServerFacts& facts, ConditionBuilder& sayings) {
    if (facts.public_connect.empty()) {
        sayings.good(ClosedToPublic, "Tenants' logins can't enter the maintenance databases.");
        return;
    }
    const auto user = sql::quote_identifier(facts.administrator.user);
    std::string statements;
    for (const auto& name : facts.public_connect) {
        const auto database = sql::quote_identifier(name);
        // The administrator comes in as one of PUBLIC, and must not be locked out.
        statements += " GRANT CONNECT ON DATABASE " + database + " TO " + user +
                      "; REVOKE CONNECT ON DATABASE " + database + " FROM PUBLIC;";
    }
    sayings.bad(
        ClosedToPublic,
        {Reason::PublicCanConnect,
         "Every login of the server may connect to databases for maintenance, and act from there "
         "on what it owns. The owner of each should run:" +
             statements}
    );
}

void judge_facts(
    const PostgresServerSpec& spec,
    const ServerFacts& facts,
    const PostgresServerStatus& status,
    ConditionBuilder& sayings
) {
    sayings.good(
        SameServer,
        facts.identity.system_identifier.empty()
            ? "The server does not tell its system identifier; its ledger is compared alone."
            : "The server that it always was."
    );
    if (sql::ignores_role_setting(facts.version_number)) {
        sayings.fatal(
            ServerReachable,
            {Reason::BrokenServerVersion,
             "PostgreSQL " + facts.version +
                 " ignores ALTER ROLE .. SET role (fixed in the next minor release). Nothing was "
                 "changed; update the server."}
        );
    } else if (!facts.has_maintenance_database && !facts.unfit_template.empty()) {
        sayings.fatal(
            ServerReachable,
            {Reason::LocaleNotUTF8,
             "The operator's database \"" + spec.maintenance_database +
                 "\" can't be made: template0 has the locale " + facts.unfit_template +
                 ", and UTF-8 does not go with it. Nothing was changed. A superuser should run: " +
                 sql::kMakeTemplateUtf8}
        );
    } else {
        sayings.good(
            ServerReachable, "The administrator can log in as \"" + facts.administrator.user + "\"."
        );
    }
    if (status.administrator.missing.empty()) {
        sayings.good(AdminAuthorized, "The administrator has all rights that it needs.");
    } else {
        sayings.fatal(
            AdminAuthorized, {Reason::AdminRightsMissing, explain_missing(status.administrator)}
        );
    }
    if (facts.administrator.is_superuser) {
        sayings.bad(
            LeastPrivilege,
            {Reason::AdminIsSuperuser,
             "The administrator \"" + facts.administrator.user +
                 "\" is a superuser, which the operator does not need. Use a role with LOGIN "
                 "CREATEDB CREATEROLE."}
        );
    } else {
        sayings.good(LeastPrivilege, "The administrator is no superuser.");
    }
    judge_tls(spec, status.tls, sayings);
    judge_public(facts, sayings);
}

void judge_failure(const Failure& failure, ConditionBuilder& sayings, std::string& connection) {
    const Finding finding{reason_of(failure), failure.message};
    if (finding.reason == Reason::ServerIdentityChanged ||
        finding.reason == Reason::ServerRestored) {
        connection = "Connected";
        sayings.good(ServerReachable, "The administrator can log in.");
        sayings.fatal(SameServer, finding);
    } else if (finding.reason == Reason::AdminRightsMissing) {
        connection = "Connected";
        sayings.good(ServerReachable, "The administrator can log in.");
        sayings.fatal(AdminAuthorized, finding);
    } else {
        connection = to_string(finding.reason);
        sayings.fatal(ServerReachable, finding);
    }
}

void remember(
    const PostgresServerSpec& spec, const ServerFacts& facts, PostgresServerStatus& status
) {
    status.connection = "Connected";
    status.version = facts.version;
    if (!facts.identity.system_identifier.empty()) {
        status.system_identifier = facts.identity.system_identifier;
        status.timeline = facts.identity.timeline;
    }
    status.ledger_revision = facts.identity.ledger_revision;
    status.claims = facts.claims;
    status.tls = {facts.tls_version, verification_of(spec), facts.certificate_expiry};
    status.administrator = judge_administrator(facts.administrator, spec.maintenance_database);
    status.public_connect = facts.public_connect;
}

}  // namespace

PostgresServerStatus derive_server_status(
    const PostgresServer& server, const ServerObservation& observation, TimePoint now
) {
    auto status = server.status;
    status.observed_generation = server.meta.generation;
    ConditionBuilder sayings(server.meta.generation);
    if (observation.facts) {
        remember(server.spec, *observation.facts, status);
        judge_facts(server.spec, *observation.facts, status, sayings);
    } else if (observation.failure) {
        judge_failure(*observation.failure, sayings, status.connection);
    } else {
        const auto finding = explain_reference(observation.lookup, server.meta.key.name.str());
        status.connection = to_string(finding.reason);
        sayings.fatal(ServerReachable, finding);
    }
    status.conditions = merge(server.status.conditions, sayings.finish(), now);
    return status;
}

bool is_ready(const PostgresServerStatus& status) {
    const auto ready = std::ranges::find(status.conditions, ConditionType::Ready, &Condition::type);
    return ready != status.conditions.end() && ready->status == ConditionStatus::True;
}

}  // namespace djdb
