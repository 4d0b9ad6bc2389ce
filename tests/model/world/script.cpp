// What a seed makes of a story.
#include "tests/model/world/story.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace djdb::model {
namespace {

constexpr int kMostImages = 9;

std::deque<Attempt> draw_attempts(Random& random) {
    switch (random.below(8)) {
        case 0:
            return {Attempt::WaitsForLock};
        case 1:
            return {Attempt::IsKilled};
        case 2:
            return {Attempt::LosesAnswer};
        case 3:
            return {Attempt::WaitsForLock, Attempt::WaitsForLock, Attempt::WaitsForLock};
        case 4:
            return {Attempt::LosesNode};
        default:
            return {};
    }
}

/// Most end well: the fourth that fails waits for a person.
std::deque<BackupAttempt> draw_backups(Random& random) {
    std::deque<BackupAttempt> attempts;
    while (attempts.size() < 3 && random.chance(400)) {
        attempts.push_back(static_cast<BackupAttempt>(random.between(
            static_cast<int>(BackupAttempt::Succeeds), static_cast<int>(BackupAttempt::HasSidecar)
        )));
    }
    return attempts;
}

/// Most end well. What waits for a person is the last one: a migration may have waited as well.
std::deque<VerifyAttempt> draw_verifications(Random& random) {
    std::deque<VerifyAttempt> attempts;
    bool waits_for_person = false;
    while (attempts.size() < 3 && !waits_for_person && random.chance(300)) {
        attempts.push_back(static_cast<VerifyAttempt>(random.between(
            static_cast<int>(VerifyAttempt::Succeeds), static_cast<int>(VerifyAttempt::HasSidecar)
        )));
        waits_for_person = attempts.back() == VerifyAttempt::Fails ||
                           attempts.back() == VerifyAttempt::NeverStarts;
    }
    return attempts;
}

/// What an interleaving needs, so that its effect comes about.
enum class Needs { Nothing, Rival, Deletion, Drop, RivalAndDrop };

/// Interleavings that time alone would seldom bring: somebody acts right before an effect.
struct Ambush {
    const char* before;
    Deed deed;
    Millis lasts = 0;
    Needs needs = Needs::Nothing;
};
constexpr std::array kAmbushes{
    Ambush{"add the finalizer", Deed::AddFinalizer, 20'000},
    Ambush{"remove the finalizer", Deed::AddFinalizer, 20'000, Needs::Deletion},
    // A user edits the Deployment between the decision to open its gate and the opening.
    Ambush{"open the gate", Deed::Deploy},
    Ambush{"open the gate", Deed::Restart},
    Ambush{"open the gate", Deed::RollBack},
    Ambush{"open the gate", Deed::HoldByHand, 15'000},
    Ambush{"create Job", Deed::Deploy},
    Ambush{"create Job", Deed::RetryJob},
    Ambush{"create Job shop-backup", Deed::Deploy},
    Ambush{"create Job shop-backup", Deed::BackUpAlways},
    Ambush{"create Job shop-backup", Deed::StopBackups},
    // The DBA acts between the look and the effect.
    Ambush{"record what passed", Deed::ReplaceDatabase, 30'000},
    Ambush{"record what passed", Deed::RenameDatabase, 30'000},
    Ambush{"record what passed", Deed::LoseDatabase, 30'000},
    Ambush{"configure the database", Deed::ReplaceDatabase, 30'000},
    Ambush{"configure the database", Deed::RenameDatabase, 20'000},
    Ambush{"arrange its contents", Deed::ReplaceDatabase, 30'000},
    Ambush{"note it as configured", Deed::ReplaceDatabase, 30'000},
    Ambush{"create the database", Deed::ReplaceDatabase, 30'000},
    Ambush{"drop the database", Deed::ReplaceDatabase, 30'000, Needs::Drop},
    Ambush{"drop the database", Deed::RenameDatabase, 30'000, Needs::Drop},
    Ambush{"close the database", Deed::ReplaceDatabase, 30'000, Needs::Drop},
    Ambush{"drop its roles and the claim", Deed::ReplaceDatabase, 30'000, Needs::Drop},
    Ambush{"claim and create roles", Deed::ServerDown, 5'000},
    Ambush{"publish Secret shop-database", Deed::EditSecret},
    Ambush{"publish Secret shop-database", Deed::ChangePassword},
    Ambush{"write the status", Deed::LimitConnections},
    // A second operator goes through a whole run meanwhile.
    Ambush{"store the passwords", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"claim and create roles", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"create the database", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"configure the database", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"publish Secret", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"create Job", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"create Job shop-backup", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"record what passed", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"open the gate", Deed::RivalsTurn, 0, Needs::Rival},
    // It deletes the resource meanwhile, with all that it has.
    Ambush{"store the passwords", Deed::DeleteBehindIt, 0, Needs::RivalAndDrop},
    Ambush{"claim and create roles", Deed::DeleteBehindIt, 0, Needs::RivalAndDrop},
    Ambush{"create the database", Deed::DeleteBehindIt, 0, Needs::RivalAndDrop},
    Ambush{"configure the database", Deed::DeleteBehindIt, 0, Needs::RivalAndDrop},
    Ambush{"note the deletion", Deed::RivalsTurn, 0, Needs::RivalAndDrop},
    Ambush{"drop its roles and the claim", Deed::RivalsTurn, 0, Needs::RivalAndDrop},
    Ambush{"remove the finalizer", Deed::RivalsTurn, 0, Needs::RivalAndDrop}};

/// Around what proves a release; drawn beside all others.
constexpr std::array kVerifyAmbushes{
    Ambush{"create Job shop-verify", Deed::Deploy},
    Ambush{"create Job shop-verify", Deed::RollBack},
    Ambush{"create Job shop-verify", Deed::RestartPod},
    Ambush{"create Job shop-verify", Deed::StopVerifying},
    Ambush{"create Job shop-verify", Deed::VerifyAtLength},
    Ambush{"create Job shop-verify", Deed::ServerDown, 5'000},
    Ambush{"create Job shop-verify", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"record what was proven", Deed::Deploy},
    Ambush{"record what was proven", Deed::RestartPod},
    Ambush{"record what was proven", Deed::RetryJob},
    Ambush{"record what was proven", Deed::StopVerifying},
    Ambush{"record what was proven", Deed::ReplaceDatabase, 30'000},
    Ambush{"record what was proven", Deed::LoseDatabase, 30'000},
    Ambush{"record what was proven", Deed::RivalsTurn, 0, Needs::Rival},
    Ambush{"record what was proven", Deed::DeleteBehindIt, 0, Needs::RivalAndDrop}};
constexpr std::array kAboutProof{
    Deed::StopVerifying, Deed::VerifyAtOnce, Deed::VerifyAtLength, Deed::RestartPod};

constexpr std::array kMeanwhile{
    Deed::Deploy,       Deed::Deploy,        Deed::Restart,          Deed::RollBack,
    Deed::AddReader,    Deed::RemoveReader,  Deed::LimitConnections, Deed::ResumeByHand,
    Deed::HoldByHand,   Deed::EditSecret,    Deed::RemoveSecret,     Deed::RetryJob,
    Deed::ServerDown,   Deed::Standby,       Deed::ChangePassword,   Deed::GiveExtraRight,
    Deed::DropLogin,    Deed::CloseDatabase, Deed::LetPublicIn,      Deed::RenameDatabase,
    Deed::LoseDatabase, Deed::ReownDatabase, Deed::QuotaOnJobs,      Deed::BreakGate,
    Deed::ChangeCa,     Deed::LoseStored,    Deed::AskForApproval,   Deed::AskForBackups,
    Deed::BackUpAlways, Deed::StopBackups};

/// What a history is about, beside what happens in any.
enum class Plot {
    Everyday,
    AnAmbush,
    TwoOperators,
    GateOff,       ///< the admission policy is removed, and put back
    BackAndForth,  ///< the image changes, and changes back
    Restored,      ///< the server comes back from a backup
    OldPrimary,    ///< a server that was failed over from answers for a while
    Adopted,       ///< the database is there and the DBA's
    Transferred    ///< the database is a resource's of another cluster
};
constexpr std::array kPlots{
    Plot::Everyday,
    Plot::Everyday,
    Plot::Everyday,
    Plot::AnAmbush,
    Plot::AnAmbush,
    Plot::AnAmbush,
    Plot::AnAmbush,
    Plot::AnAmbush,
    Plot::AnAmbush,
    Plot::TwoOperators,
    Plot::GateOff,
    Plot::BackAndForth,
    Plot::Restored,
    Plot::OldPrimary,
    Plot::Adopted,
    Plot::Transferred};

template <class List>
const auto& draw_one(Random& random, const List& list) {
    return list.at(static_cast<std::size_t>(random.below(static_cast<std::int64_t>(list.size()))));
}

/// Writes scene behind scene.
class Author {
  public:
    explicit Author(Random random)
        : random_(random),
          of_proof_(Random(random).fork()),
          plot_(draw_one(random_, kPlots)),
          now_(random_.between(0, 2'000)) {
        if (plot_ == Plot::AnAmbush) {
            ambush_ = &draw_one(random_, kAmbushes);
        }
    }

    Script write() {
        script_.has_rivals =
            plot_ == Plot::TwoOperators || needs(Needs::Rival) || needs(Needs::RivalAndDrop);
        begin();
        const auto created = now_;
        middle();
        prove_meanwhile(created);
        end();
        lie_in_wait();
        for (int i = 1; i <= kMostImages; ++i) {
            script_.attempts.emplace_back(image_name(i), draw_attempts(random_));
        }
        script_.backups = draw_backups(random_);
        for (int i = 1; i <= kMostImages; ++i) {
            script_.verifications.emplace_back(image_name(i), draw_verifications(of_proof_));
        }
        return std::move(script_);
    }

  private:
    [[nodiscard]] bool needs(Needs what) const {
        return ambush_ != nullptr && ambush_->needs == what;
    }

    void add(Deed deed, Millis lasts = 0) {
        script_.scenes.push_back({now_, deed, nullptr, now_ + lasts});
        script_.end = std::max(script_.end, now_ + lasts);
        now_ += random_.chance(300) ? random_.between(0, 400) : random_.between(500, 25'000);
    }
    void add_for_a_while(Deed deed) { add(deed, random_.between(1'000, 40'000)); }

    void begin() {
        const bool deploys_first = random_.chance(200);
        if (deploys_first) {
            add(Deed::Deploy);
        }
        add(Deed::CreateResource);
        const bool is_about_backups =
            ambush_ != nullptr && std::string_view(ambush_->before).ends_with("-backup");
        if (is_about_backups || random_.chance(300)) {
            add(random_.chance(500) ? Deed::AskForBackups : Deed::BackUpAlways);
        }
        if (plot_ == Plot::Adopted || plot_ == Plot::Transferred) {
            script_.origin = plot_ == Plot::Adopted ? Origin::OfDba : Origin::OfAnotherCluster;
            add(Deed::Grant);
        }
        if (!deploys_first) {
            add(Deed::Deploy);
        }
    }

    void middle() {
        for (auto left = random_.below(4); left > 0; --left) {
            const auto deed = draw_one(random_, kMeanwhile);
            deed >= Deed::HoldByHand ? add_for_a_while(deed) : add(deed);
        }
        if (plot_ == Plot::GateOff) {
            add_for_a_while(Deed::BreakGate);
            add(random_.chance(700) ? Deed::Deploy : Deed::ResumeByHand);
        } else if (plot_ == Plot::BackAndForth) {
            for (const auto deed : {Deed::Deploy, Deed::RollBack, Deed::Deploy, Deed::RollBack}) {
                add(deed);
            }
        } else if (plot_ == Plot::Restored || plot_ == Plot::OldPrimary) {
            now_ += random_.between(0, 15'000);
            add(Deed::BackUp);
            add(random_.chance(700) ? Deed::Deploy : Deed::AddReader);
            add(plot_ == Plot::Restored ? Deed::Restore : Deed::OldPrimary,
                random_.between(15'000, 50'000));
        }
    }

    void prove_meanwhile(Millis created) {
        for (auto left = of_proof_.below(3); left > 0; --left) {
            script_.scenes.push_back(
                {of_proof_.between(created, now_), draw_one(of_proof_, kAboutProof)}
            );
        }
        if (!of_proof_.chance(200)) {
            return;
        }
        const auto& [before, deed, lasts, its_needs] = draw_one(of_proof_, kVerifyAmbushes);
        if (its_needs == Needs::RivalAndDrop && plot_ != Plot::Everyday) {
            return;
        }
        script_.scenes.push_back({of_proof_.between(created, now_), deed, before, lasts});
        script_.end = std::max(script_.end, now_) + lasts;
        script_.has_rivals = script_.has_rivals || its_needs != Needs::Nothing;
        must_drop_ = its_needs == Needs::RivalAndDrop;
    }

    void end() {
        const bool is_needed = must_drop_ || needs(Needs::Drop) || needs(Needs::Deletion) ||
                               needs(Needs::RivalAndDrop);
        if (!is_needed && !random_.chance(300)) {
            return;
        }
        script_.ends_deleted = true;
        script_.ends_dropped =
            must_drop_ || needs(Needs::Drop) || needs(Needs::RivalAndDrop) || random_.chance(500);
        add(script_.ends_dropped ? Deed::DeleteAndDrop : Deed::Delete);
        if (!is_needed && random_.chance(300)) {
            now_ += 60'000;
            add(Deed::CreateAgain);
            script_.ends_deleted = script_.ends_dropped = false;
        }
    }

    /// From the beginning or from some time on.
    void lie_in_wait() {
        if (ambush_ == nullptr) {
            return;
        }
        const auto from = random_.chance(500) ? 0 : random_.below(script_.end + 1);
        script_.scenes.push_back({from, ambush_->deed, ambush_->before, ambush_->lasts});
        script_.end += ambush_->lasts + (needs(Needs::Nothing) ? 0 : 10'000);
    }

    Random random_;
    /// What it adds to a story changes nothing else of it.
    Random of_proof_;
    Plot plot_;
    Millis now_;
    const Ambush* ambush_ = nullptr;
    bool must_drop_ = false;
    Script script_;
};

}  // namespace

Script draw_script(Random random) {
    return Author(random).write();
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

}  // namespace djdb::model
