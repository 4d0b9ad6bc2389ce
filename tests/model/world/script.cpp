// What a seed makes of a story.
#include "tests/model/world/story.hpp"

#include <algorithm>
#include <array>

namespace djdb::model {
namespace {

constexpr int kMostImages = 9;

std::string image_name(int number) {
    return "shop:v" + std::to_string(number);
}

std::deque<Attempt> draw_attempts(Random& random) {
    switch (random.below(8)) {
        case 0:
            return {Attempt::WaitsForLock};
        case 1:
            return {Attempt::IsKilled};
        case 2:
            return {Attempt::LosesAnswer};
        case 3:
            return {Attempt::WaitsForLock, Attempt::WaitsForLock};
        default:
            return {};
    }
}

/// Interleavings that time alone would seldom bring: somebody acts right before an effect.
struct Ambush {
    const char* before;
    Deed deed;
    Millis lasts;
};
constexpr std::array kAmbushes{
    Ambush{"add the finalizer", Deed::AddFinalizer, 20'000},
    Ambush{"remove the finalizer", Deed::AddFinalizer, 20'000},
    Ambush{"open the gate", Deed::Deploy, 0},
    Ambush{"open the gate", Deed::Restart, 0},
    Ambush{"create Job", Deed::Deploy, 0},
    Ambush{"create Job", Deed::RetryJob, 0},
    Ambush{"record a passed image", Deed::ReplaceDatabase, 30'000},
    Ambush{"record a passed image", Deed::RenameDatabase, 30'000},
    Ambush{"configure the database", Deed::ReplaceDatabase, 30'000},
    Ambush{"arrange its contents", Deed::ReplaceDatabase, 30'000},
    Ambush{"create the database", Deed::ReplaceDatabase, 30'000},
    Ambush{"drop the database", Deed::ReplaceDatabase, 30'000},
    Ambush{"close the database", Deed::ReplaceDatabase, 30'000},
    Ambush{"claim and create roles", Deed::ServerDown, 5'000},
    Ambush{"publish Secret shop-database", Deed::EditSecret, 0},
    Ambush{"publish Secret shop-database", Deed::ChangePassword, 0},
    Ambush{"write the status", Deed::LimitConnections, 0}};

}  // namespace

Script draw_script(Random random, bool has_rivals) {
    Script script;
    Millis now = random.between(0, 2'000);
    const auto add = [&](Deed deed, Millis lasts = 0) {
        script.scenes.push_back({now, deed, nullptr, now + lasts});
        script.end = std::max(script.end, now + lasts);
        now += random.chance(300) ? random.between(0, 400) : random.between(500, 25'000);
    };
    const bool deploys_first = random.chance(200);
    if (deploys_first) {
        add(Deed::Deploy);
    }
    add(Deed::CreateResource);
    static constexpr std::array kMeanwhile{
        Deed::Deploy,       Deed::Deploy,        Deed::Restart,          Deed::RollBack,
        Deed::AddReader,    Deed::RemoveReader,  Deed::LimitConnections, Deed::ResumeByHand,
        Deed::EditSecret,   Deed::RemoveSecret,  Deed::RetryJob,         Deed::QuotaOnJobs,
        Deed::ServerDown,   Deed::Standby,       Deed::ChangePassword,   Deed::GiveExtraRight,
        Deed::DropLogin,    Deed::CloseDatabase, Deed::LetPublicIn,      Deed::RenameDatabase,
        Deed::ReownDatabase};
    if (!deploys_first) {
        add(Deed::Deploy);
    }
    for (auto left = random.below(4); left > 0; --left) {
        const auto deed = kMeanwhile.at(static_cast<std::size_t>(random.below(kMeanwhile.size())));
        const bool lasts = deed == Deed::QuotaOnJobs || deed >= Deed::ServerDown;
        add(deed, lasts ? random.between(1'000, 40'000) : 0);
    }
    // Nothing fences a second operator off yet: one that looked before the end would make it undone.
    if (!has_rivals && random.chance(300)) {
        script.ends_dropped = random.chance(500);
        script.ends_deleted = true;
        add(script.ends_dropped ? Deed::DeleteAndDrop : Deed::Delete);
        if (random.chance(300)) {
            now += 60'000;
            add(Deed::CreateAgain);
            script.ends_deleted = script.ends_dropped = false;
        }
    }
    if (random.chance(400)) {
        const auto& one = kAmbushes.at(static_cast<std::size_t>(random.below(kAmbushes.size())));
        script.is_replaced = one.deed == Deed::ReplaceDatabase;
        script.scenes.push_back({random.below(script.end + 1), one.deed, one.before, one.lasts});
        script.end += one.lasts;
    }
    for (int i = 1; i <= kMostImages; ++i) {
        script.attempts.emplace_back(image_name(i), draw_attempts(random));
    }
    return script;
}

Script script_of(const std::vector<Deed>& deeds, Millis apart) {
    Script script;
    for (const auto deed : deeds) {
        script.scenes.push_back({script.end, deed, nullptr, script.end});
        script.end += apart;
        script.ends_dropped =
            deed == Deed::DeleteAndDrop || (script.ends_dropped && deed != Deed::CreateAgain);
        script.ends_deleted = deed == Deed::Delete || deed == Deed::DeleteAndDrop ||
                              (script.ends_deleted && deed != Deed::CreateAgain);
    }
    for (int i = 1; i <= kMostImages; ++i) {
        script.attempts.emplace_back(image_name(i), std::deque<Attempt>{});
    }
    return script;
}

bool is_of_plan(Deed deed) {
    switch (deed) {
        case Deed::CreateResource:
        case Deed::Deploy:
        case Deed::Restart:
        case Deed::RollBack:
        case Deed::AddReader:
        case Deed::RemoveReader:
        case Deed::LimitConnections:
        case Deed::ResumeByHand:
        case Deed::Delete:
        case Deed::DeleteAndDrop:
        case Deed::CreateAgain:
            return true;
        case Deed::BreakGate:
        case Deed::RepairGate:
        case Deed::EditSecret:
        case Deed::RemoveSecret:
        case Deed::RetryJob:
        case Deed::QuotaOnJobs:
        case Deed::ServerDown:
        case Deed::Standby:
        case Deed::ChangePassword:
        case Deed::GiveExtraRight:
        case Deed::DropLogin:
        case Deed::CloseDatabase:
        case Deed::LetPublicIn:
        case Deed::RenameDatabase:
        case Deed::ReownDatabase:
        case Deed::ReplaceDatabase:
        case Deed::AddFinalizer:
            break;
    }
    return false;
}

const char* describe(Deed deed) {
    static constexpr std::array kNames{
        "creates the resource",
        "deploys the next image",
        "restarts the Deployments",
        "rolls back",
        "adds a reader",
        "removes the reader",
        "changes the connection limit",
        "resumes a Deployment by hand",
        "removes the gate",
        "puts the gate back",
        "edits the app's Secret",
        "removes the app's Secret",
        "removes a Job",
        "a quota refuses Jobs",
        "the server is down",
        "the server is a standby",
        "the DBA changes a password",
        "the DBA gives a login CREATEDB",
        "the DBA drops a login",
        "the DBA closes the database",
        "the DBA lets PUBLIC in",
        "the DBA renames the database",
        "the DBA gives the database away",
        "the DBA puts another database in its place",
        "another controller adds a finalizer",
        "deletes the resource",
        "deletes the resource, policy Delete",
        "creates the resource again"};
    return kNames.at(static_cast<std::size_t>(deed));
}

}  // namespace djdb::model
