#include "tests/model/world/comparison.hpp"

#include <algorithm>
#include <array>

namespace djdb::model {
namespace {

/// Of these only a watch tells the operator: until it does they are done again, by an API server or
/// a PostgreSQL that finds nothing left to do.
constexpr std::array<std::string_view, 15> kToldByWatches{
    "add the finalizer",
    "remove the finalizer",
    "create Job",
    "let a Job expire",
    "lift a Job's deadline",
    "remove Job",
    "publish ConfigMap",
    "record release",
    "write a release's status",
    "remove a release",
    // Done before the finalizer goes, by whoever sees it still there.
    "note the deletion",
    "drop its logins",
    "remove the stored passwords",
    "retire the tenant",
    "open the gate of"};
/// What an attempt at a migration begins with.
constexpr std::array<std::string_view, 6> kOfAttempts{
    // By a rival that saw the count of before, and is refused.
    "claim and create roles",
    "count an attempt",
    "store the passwords",
    "set an attempt's password",
    "end earlier sessions",
    "publish Secret"};
constexpr std::string_view kStatus = "write the status";
constexpr std::string_view kServerStatus = "write the server's status";

std::string value_of(const Facts& facts, const std::string& name) {
    const auto found = facts.find(name);
    return found == facts.end() ? "nothing" : found->second;
}

void compare_facts(const Facts& ended, const Facts& undisturbed, std::vector<std::string>& lines) {
    auto names = undisturbed;
    names.insert(ended.begin(), ended.end());
    for (const auto& [name, either] : names) {
        const auto is = value_of(ended, name);
        const auto otherwise = value_of(undisturbed, name);
        if (is != otherwise) {
            lines.push_back("E1: " + name + ": " + is + "; undisturbed: " + otherwise);
        }
    }
}

/// Runs that see the world as it was before an effect, its own the first of them. The queue's waits
/// double from 1 ms, on top of 20 (operator_process.cpp); a status that is written behind the effect
/// takes the lag once more.
std::uint64_t runs_within(Millis lag) {
    constexpr Millis kAtLeast = 20;
    std::uint64_t runs = 2;
    Millis wait = 1;
    for (Millis time = kAtLeast + wait; time <= 2 * lag; time += kAtLeast + wait) {
        ++runs;
        wait *= 2;
    }
    return runs;
}

std::uint64_t most_of(std::string_view kind, std::uint64_t undisturbed, const Ending& ended) {
    const auto runs = runs_within(ended.lag);
    const std::uint64_t rivals = ended.has_rivals ? 2 : 1;
    const auto troubles = ended.troubles.sum();
    if (kind == kServerStatus) {
        // The server is looked at twice a minute: who comes at another moment sees the ledger in between.
        return (undisturbed + 2 * troubles + 1) * rivals;
    }
    if (std::ranges::count(kToldByWatches, kind) > 0) {
        // At least once: whoever does not see yet that a dropped resource is gone, retires it.
        return (std::max<std::uint64_t>(undisturbed, 1) + troubles) * runs * rivals;
    }
    if (std::ranges::count(kOfAttempts, kind) > 0) {
        return (undisturbed + troubles + ended.templates) * rivals;
    }
    return (undisturbed + troubles) * (kind == kStatus ? (runs + 1) / 2 : 1) * rivals;
}

void compare_effects(
    const Ending& ended, const Ending& undisturbed, std::vector<std::string>& lines
) {
    for (const auto& [kind, times] : ended.effects) {
        const auto found = undisturbed.effects.find(kind);
        const auto base = found == undisturbed.effects.end() ? 0 : found->second;
        const auto most = most_of(kind, base, ended);
        if (times > most) {
            lines.push_back(
                "E2: " + std::string(kind) + ": " + std::to_string(times) +
                " times; undisturbed: " + std::to_string(base) + ", and with " +
                std::to_string(ended.troubles.sum()) + " troubles at most " + std::to_string(most)
            );
        }
    }
}

}  // namespace

std::vector<std::string> compare(const Ending& ended, const Ending& undisturbed) {
    std::vector<std::string> lines;
    compare_facts(ended.facts, undisturbed.facts, lines);
    compare_effects(ended, undisturbed, lines);
    return lines;
}

}  // namespace djdb::model
