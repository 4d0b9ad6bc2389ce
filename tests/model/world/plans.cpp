#include "tests/model/world/plans.hpp"

#include "reconcilers/crc32.hpp"
#include "tests/model/world/story.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace djdb::model {
namespace {

constexpr std::size_t kDigits = 16;

std::string digits_of(const std::string& text) {
    std::array<char, kDigits + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x%08x", crc32(text), crc32("of " + text));
    return digits.data();
}

/// The database is not renamed for a Job.
std::vector<std::string> pending(const World& world, const Job& job) {
    auto names = world.leaves.at(job.image);
    if (const auto* database = world.postgres.find(job.database)) {
        std::erase_if(names, [&](const auto& name) { return database->migrations.contains(name); });
    }
    return names;
}

bool is_new(const World& world, const Job& job) {
    const auto* database = world.postgres.find(job.database);
    return database == nullptr || database->migrations.empty();
}

}  // namespace

std::string find_plan(World& world, const Job& probe) {
    std::string planned;
    std::string names;
    for (const auto& name : pending(world, probe)) {
        planned += digits_of(name);
        names += (names.empty() ? "\"" : ",\"") + name + "\"";
    }
    const bool is_harmless = planned.empty() || is_new(world, probe);
    const auto count = is_harmless ? 0 : planned.size() / kDigits;
    if (is_harmless) {
        world.rules.note_approved(planned);
    }
    return R"(,"plan_digest":")" + (planned.empty() ? "" : digits_of(planned)) +
           R"(","planned":")" + planned + R"(","destructive":[)" + (is_harmless ? "" : names) +
           R"(],"destructive_count":)" + std::to_string(count) +
           R"(,"incompatible":[],"incompatible_count":0)";
}

bool may_migrate(const World& world, const Job& migration) {
    const auto& approved = migration.approved;
    return !approved || std::ranges::all_of(pending(world, migration), [&](const auto& name) {
        return approved->find(digits_of(name)) != std::string::npos;
    });
}

std::string asked_digest(const DjangoDatabaseStatus& status) {
    const auto found =
        std::ranges::find(status.conditions, ConditionType::PlanApproved, &Condition::type);
    if (found == status.conditions.end() || found->reason != Reason::ApprovalRequired) {
        return {};
    }
    const auto begin = found->message.find('"') + 1;
    return found->message.substr(begin, found->message.find('"', begin) - begin);
}

/// That of the image that is asked for.
void approve(World& world, const ObjectKey& resource, const std::string& digest) {
    const auto web = world.api.deployments.find(kWeb);
    for (const auto& [key, pod] : world.api.pods.all()) {
        const auto job = world.api.jobs.find(key);
        const auto answer = nlohmann::json::parse(pod->answer, nullptr, false);
        if (web && job && job->image == web->image && answer.is_object()) {
            world.rules.note_approved(answer.value("planned", ""));
        }
    }
    world.history.note("user", [&] { return "approves plan " + digest; });
    world.api.edit_spec(resource, [&](auto& spec) { spec.migrations.approved_plan = digest; });
}

}  // namespace djdb::model
