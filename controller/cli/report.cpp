#include "controller/cli/report.hpp"

#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace djdb {
namespace {

using enum Reason;

enum class Part { Setup, Dns, Tcp, Tls, Login, Database, Writable, Identity, Rights };

constexpr std::array<std::pair<Part, const char*>, 9> kParts{{
    {Part::Setup, "setup"},
    {Part::Dns, "dns"},
    {Part::Tcp, "tcp"},
    {Part::Tls, "tls"},
    {Part::Login, "login"},
    {Part::Database, "database"},
    {Part::Writable, "writable"},
    {Part::Identity, "identity"},
    {Part::Rights, "rights"},
}};

/// The step that a reason is the verdict of.
constexpr std::array<std::pair<Reason, Part>, 19> kVerdicts{{
    {AdminSecretMissing, Part::Setup},
    {AdminSecretInvalid, Part::Setup},
    {CaSecretMissing, Part::Setup},
    {ClientCertificateInvalid, Part::Setup},
    {DNSFailed, Part::Dns},
    {TCPUnreachable, Part::Tcp},
    {TLSNotOffered, Part::Tls},
    {TLSVerifyFailed, Part::Tls},
    {AccessRuleRejected, Part::Login},
    {AuthRejected, Part::Login},
    {TooManyConnections, Part::Login},
    {ServerStarting, Part::Login},
    {DatabaseMissing, Part::Database},
    {ReadOnlyServer, Part::Writable},
    {ServerIdentityChanged, Part::Identity},
    {ServerRestored, Part::Identity},
    {BrokenServerVersion, Part::Rights},
    {AdminRightsMissing, Part::Rights},
    {ServerError, Part::Login},
}};

Part part_of(Reason reason) {
    const auto row = std::ranges::find(kVerdicts, reason, &std::pair<Reason, Part>::first);
    return row == kVerdicts.end() ? Part::Login : row->second;
}

std::string in_force(const TlsStatus& tls) {
    return tls.version.empty()
               ? "a socket needs none"
               : tls.version + ", " + tls.verification + ", certificate until " + tls.not_after;
}

std::string good_detail(
    Part step,
    const PostgresServer& server,
    const ServerObservation& observation,
    const PostgresServerStatus& status,
    const std::vector<std::string>& addresses
) {
    const auto& spec = server.spec;
    const bool has_facts = observation.facts.has_value();
    switch (step) {
        case Part::Setup:
            return "Secrets and certificates are there";
        case Part::Dns:
            return addresses.empty() ? "a socket needs none" : join(addresses, ", ");
        case Part::Tcp:
            return spec.host.starts_with('/') ? "the socket answers"
                                              : "port " + std::to_string(spec.port) + " answers";
        case Part::Tls:
            return has_facts ? in_force(status.tls) : "as spec.tls says";
        case Part::Login:
            return observation.lookup.access
                       ? "as \"" + observation.lookup.access->administrator.user + "\""
                       : "";
        case Part::Database:
            return "\"" + spec.maintenance_database + "\"" +
                   (has_facts && !observation.facts->has_maintenance_database
                        ? " does not exist yet; it is created with the first claim"
                        : "");
        case Part::Writable:
            return "takes writes";
        case Part::Identity:
            return !has_facts ? ""
                              : "system " + status.system_identifier + ", timeline " +
                                    std::to_string(status.timeline) + ", ledger revision " +
                                    std::to_string(status.ledger_revision) + ", " +
                                    std::to_string(status.claims) + " claims";
        case Part::Rights:
            return join(status.administrator.rights, ", ");
    }
    return "";
}

std::string_view word_of(StepState state) {
    switch (state) {
        case StepState::Good:
            return "ok";
        case StepState::Bad:
            return "FAILED";
        case StepState::Unreached:
            return "-";
        case StepState::Doubted:
            return "warning";
    }
    return "";
}

const Condition* find(const PostgresServerStatus& status, ConditionType type) {
    const auto found = std::ranges::find(status.conditions, type, &Condition::type);
    return found == status.conditions.end() ? nullptr : &*found;
}

void add_doubts(const PostgresServerStatus& status, std::vector<ReportStep>& steps) {
    for (const auto type :
         {ConditionType::LeastPrivilege,
          ConditionType::TLSVerified,
          ConditionType::ClosedToPublic}) {
        const auto* said = find(status, type);
        if (said != nullptr && said->status == ConditionStatus::False) {
            steps.push_back(
                {std::string(to_string(said->reason)), StepState::Doubted, said->message}
            );
        }
    }
}

}  // namespace

bool ServerReport::is_good() const {
    return std::ranges::find(steps, StepState::Bad, &ReportStep::state) == steps.end();
}

ServerReport make_report(
    const PostgresServer& server,
    const ServerObservation& observation,
    const PostgresServerStatus& derived,
    std::vector<std::string> addresses
) {
    ServerReport report{
        server.meta.key.name.str(),
        server.spec.host,
        server.spec.port,
        std::move(addresses),
        "Connected",
        {}};
    const auto* ready = find(derived, ConditionType::Ready);
    const bool is_bad = ready != nullptr && ready->status != ConditionStatus::True;
    const auto bad_step = is_bad ? part_of(ready->reason) : Part::Setup;
    for (const auto& [step, name] : kParts) {
        if (is_bad && step == bad_step) {
            report.verdict = to_string(ready->reason);
            report.steps.push_back({name, StepState::Bad, ready->message});
        } else if (is_bad && step > bad_step) {
            report.steps.push_back({name, StepState::Unreached, ""});
        } else {
            report.steps.push_back(
                {name,
                 StepState::Good,
                 good_detail(step, server, observation, derived, report.addresses)}
            );
        }
    }
    add_doubts(derived, report.steps);
    return report;
}

std::string to_table(const ServerReport& report) {
    std::ostringstream out;
    out << "PostgresServer " << report.server << " at " << report.host << ":" << report.port << ": "
        << report.verdict << "\n";
    std::size_t width = 0;
    for (const auto& step : report.steps) {
        width = std::max(width, step.name.size());
    }
    for (const auto& step : report.steps) {
        const auto word = word_of(step.state);
        out << step.name << std::string(width + 2 - step.name.size(), ' ') << word
            << std::string(step.detail.empty() ? 0 : 9 - word.size(), ' ') << step.detail << "\n";
    }
    return out.str();
}

nlohmann::ordered_json to_json(const ServerReport& report) {
    auto steps = nlohmann::ordered_json::array();
    for (const auto& step : report.steps) {
        steps.push_back(
            {{"name", step.name},
             {"state", std::string(word_of(step.state))},
             {"detail", step.detail}}
        );
    }
    return {
        {"server", report.server},
        {"host", report.host},
        {"port", report.port},
        {"addresses", report.addresses},
        {"verdict", report.verdict},
        {"steps", steps}};
}

}  // namespace djdb
