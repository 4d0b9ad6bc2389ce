#include "reconcilers/records/planned.hpp"

#include "crds/text.hpp"
#include "reconcilers/jobs/flat_json.hpp"
#include "reconcilers/records/scrub.hpp"
#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace djdb {
namespace {

using nlohmann::json;

/// As the schema has them.
constexpr std::size_t kMostMigrations = 500;
constexpr std::size_t kLongestName = 512;
constexpr std::size_t kLongestPhase = 32;
constexpr std::size_t kLongestLock = 64;
constexpr std::size_t kLongestTables = 1024;
constexpr std::size_t kLongestReason = 512;
/// Of a database with a long history that is migrated at once; the answer has them all.
constexpr std::size_t kMostText = std::size_t{64} * 1024;

/// The member of the answer, and what it means for a person.
constexpr std::array<std::pair<const char*, std::string_view>, 5> kEffects{
    {{"destructive", "loses data"},
     {"scans", "reads or writes every row under its lock"},
     {"data", "runs code or SQL over rows"},
     {"irreversible", "can't be undone"},
     {"atomic", "is not in one transaction"}}};

/// "atomic" is told where it is false, the others where they are true.
bool is_told(const json& migration, const char* key) {
    const auto found = migration.find(key);
    return found != migration.end() && found->is_boolean() &&
           found->get<bool>() != (std::string_view(key) == "atomic");
}

std::string effects_of(const json& migration) {
    std::vector<std::string> effects;
    for (const auto& [key, words] : kEffects) {
        if (is_told(migration, key)) {
            effects.emplace_back(words);
        }
    }
    return join(effects, ", ");
}

std::string in_bytes(std::int64_t bytes) {
    constexpr std::array<std::string_view, 4> kUnits{" bytes", " kB", " MB", " GB"};
    constexpr std::int64_t kStep = 1024;
    constexpr std::int64_t kMost = 10 * kStep;  // as pg_size_pretty() does
    std::size_t unit = 0;
    for (; bytes >= kMost && unit + 1 < kUnits.size(); ++unit) {
        bytes /= kStep;
    }
    return std::to_string(bytes) + std::string(kUnits.at(unit));
}

/// orders_order (81 rows, 48 kB); PostgreSQL has not counted those of a table that was never analyzed.
std::string with_size(const std::string& table, const json& sizes) {
    const auto found = sizes.find(table);
    if (found == sizes.end() || !found->is_array() || found->size() != 2 ||
        !found->at(0).is_number_integer() || !found->at(1).is_number_integer()) {
        return table;
    }
    const auto rows = found->at(0).get<std::int64_t>();
    return table + " (" + (rows < 0 ? "" : std::to_string(rows) + " rows, ") +
           in_bytes(found->at(1).get<std::int64_t>()) + ")";
}

std::string tables_of(const json& migration, const json& sizes) {
    auto tables = names_at(migration, "tables");
    for (auto& table : tables) {
        table = with_size(table, sizes);
    }
    return join(tables, ", ");
}

std::size_t size_of(const PlannedMigration& one) {
    return one.name.size() + one.phase.size() + one.lock.size() + one.tables.size() +
           one.effects.size() + one.reason.size();
}

/// All that the Job said, as its step keeps it; empty: not read, or too long.
std::string answer_of(const DjangoReleaseStatus& status, const JobRun& probe) {
    const auto step = std::ranges::find(status.steps, "job/" + probe.name, &ReleaseStep::name);
    return step == status.steps.end() ? std::string{} : step->answer;
}

/// What an earlier attempt applied is pending no more, and was planned all the same.
std::vector<PlannedMigration> behind_what_is_applied(
    const DjangoReleaseStatus& status, std::vector<PlannedMigration> planned
) {
    std::vector<PlannedMigration> all;
    for (const auto& earlier : status.plan.migrations) {
        const auto is_it = [&](const auto& name) { return name == earlier.name; };
        if (std::ranges::any_of(status.applied, is_it) &&
            std::ranges::none_of(planned, is_it, &PlannedMigration::name)) {
            all.push_back(earlier);
        }
    }
    std::ranges::move(planned, std::back_inserter(all));
    all.resize(std::min(all.size(), kMostMigrations));
    return all;
}

}  // namespace

std::vector<PlannedMigration> planned_migrations(
    const std::string& answer, const std::vector<Sensitive>& secrets
) {
    const auto parsed = parse_flat(answer);
    std::vector<PlannedMigration> planned;
    if (!parsed.is_object() || !parsed.contains("plan") || !parsed.at("plan").is_array()) {
        return planned;
    }
    const auto sizes = parsed.value("tables", json::object());
    const auto shown = [&](std::string text, std::size_t most) {
        return beginning_of(scrub(std::move(text), secrets), most);
    };
    std::size_t size = 0;
    for (const auto& one : parsed.at("plan")) {
        // The API server takes no list with two of a name.
        const auto name = one.is_object() ? shown(text_at(one, "migration"), kLongestName) : "";
        if (name.empty() ||
            std::ranges::find(planned, name, &PlannedMigration::name) != planned.end()) {
            continue;
        }
        PlannedMigration migration{
            name,
            shown(text_at(one, "phase"), kLongestPhase),
            shown(text_at(one, "lock"), kLongestLock),
            shown(tables_of(one, sizes.is_object() ? sizes : json::object()), kLongestTables),
            effects_of(one),
            shown(text_at(one, "why"), kLongestReason)};
        size += size_of(migration);
        if (planned.size() == kMostMigrations || size > kMostText) {
            break;
        }
        planned.push_back(std::move(migration));
    }
    return planned;
}

void update_plan(
    DjangoReleaseStatus& status,
    const Desired& desired,
    const Observed& observed,
    const std::vector<Sensitive>& secrets
) {
    const auto* source = migration_source(desired, observed);
    if (source == nullptr || !is_to_be_proven(desired, observed, *source)) {
        return;
    }
    const auto* probe = find_passed_probe(desired, observed, *source);
    if (probe == nullptr || is_of_the_past(*probe)) {
        return;
    }
    const auto found = find_plan(desired, observed, *source);
    const auto decision = decide(desired.object.spec.migrations, found);
    // What migrates was allowed or approved, whatever the spec says meanwhile.
    const bool lets_migrate =
        decision == PlanDecision::Allowed || decision == PlanDecision::Approved;
    if (is_migrating(desired, observed) && !lets_migrate) {
        return;
    }
    auto planned = planned_migrations(answer_of(status, *probe), secrets);
    // The answer of a step may be left out, or its log not be there to be read.
    if (planned.empty() && status.plan.digest == found.name) {
        planned = status.plan.migrations;
    }
    status.plan = {found.name, decision, "", behind_what_is_applied(status, std::move(planned))};
    if (status.plan.decision == PlanDecision::Approved) {
        status.plan.approved_by = beginning_of(approver_of(desired.object), kLongestName);
    }
}

}  // namespace djdb
