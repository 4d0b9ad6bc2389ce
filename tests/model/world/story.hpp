// What users do in one history, and whoever else has a hand in it: a script that a seed draws. The
// same script can be played again without any fault, for comparison.
#pragma once

#include "tests/model/world/world.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace djdb::model {

inline const ObjectKey kShop{Namespace("shop"), ObjectName("shop")};
inline const ObjectKey kWeb{Namespace("shop"), ObjectName("web")};
inline const ObjectKey kWorker{Namespace("shop"), ObjectName("worker")};
inline const ObjectKey kMain{{}, ObjectName("main")};

/// What is under the database's name before the story begins.
enum class Origin { Nothing, OfDba, OfAnotherCluster };

enum class Deed {
    CreateResource,
    Deploy,   ///< both Deployments get the next image, one after the other
    Restart,  ///< the Pod template changes and the image does not
    RollBack,
    AddReader,
    RemoveReader,
    LimitConnections,
    AskForApproval,  ///< of migrations that lose data
    AskForBackups,   ///< before releases that migrate
    BackUpAlways,    ///< before all, and onto another claim
    StopBackups,
    StopVerifying,
    VerifyAtOnce,    ///< without a soak
    VerifyAtLength,  ///< new Pods have to run for minutes
    ResumeByHand,    ///< kubectl rollout resume, which the gate holds again
    EditSecret,
    RemoveSecret,
    LoseStored,  ///< what the operator keeps of the passwords is gone
    ChangeCa,    ///< one that is too long for Secrets, or a short one again
    RetryJob,    ///< kubectl delete job
    RestartPod,  ///< a container of a new Pod ends, and is started again
    Grant,       ///< the server's owner consents to adoption and transfer
    Delete,
    DeleteAndDrop,
    CreateAgain,
    BackUp,
    RivalsTurn,      ///< another operator goes through a whole run
    DeleteBehindIt,  ///< the same, after a user deleted the resource
    // Those that are undone again.
    HoldByHand,  ///< a manifest with paused: true
    AddFinalizer,
    BreakGate,
    QuotaOnJobs,
    // The server, and the DBA.
    ServerDown,
    Standby,
    ChangePassword,
    GiveExtraRight,
    DropLogin,
    CloseDatabase,
    LetPublicIn,
    RenameDatabase,
    ReownDatabase,
    LoseDatabase,     ///< drops it; it is restored by hand, as the message says
    ReplaceDatabase,  ///< drops it and makes another one of its name
    Restore,          ///< all of the server is of the past, until its owner accepts that
    OldPrimary,       ///< the same for a while, and of an older timeline
};

struct Scene {
    Millis at = 0;
    Deed deed = Deed::CreateResource;
    /// Not at that time, but right before the operator's next effect that is named so.
    const char* before = nullptr;
    /// For deeds that are undone again: when.
    Millis until = 0;
};

struct Script {
    std::vector<Scene> scenes;
    /// How the attempts of each image end.
    std::vector<std::pair<std::string, std::deque<Attempt>>> attempts;
    /// How its backups end.
    std::deque<BackupAttempt> backups;
    /// How the Jobs end that are to prove each image.
    std::vector<std::pair<std::string, std::deque<VerifyAttempt>>> verifications;
    Origin origin = Origin::Nothing;
    /// Two operators act at once.
    bool has_rivals = false;
    /// When the last deed is undone.
    Millis end = 0;
    bool ends_deleted = false;
    bool ends_dropped = false;
};

/// Images are numbered as they are deployed.
inline std::string image_name(int number) {
    return "shop:v" + std::to_string(number);
}

Script draw_script(Random random);
/// These one after the other, and every migration passes.
Script script_of(const std::vector<Deed>& deeds, Millis apart);
/// What a deed is to the comparison with an undisturbed run.
enum class Meaning {
    Plan,        ///< of the users': an undisturbed run has it too
    Trouble,     ///< a mistake or somebody else's hand, which leaves no trace in the end
    AnotherEnd,  ///< what it comes to depends on the moment, or on what stood there before
};
Meaning meaning_of(Deed deed);
const char* describe(Deed deed);
/// One of the resource's conditions does.
inline bool says(const DjangoDatabase& object, Reason reason) {
    return std::ranges::any_of(object.status.conditions, [&](const Condition& condition) {
        return condition.reason == reason;
    });
}
/// Server, resources and databases of others, and what the story begins with.
void set_the_scene(World& world, Origin origin);

/// Puts the deeds into the world's timeline.
class Stage {
  public:
    Stage(World& world, const Script& script);

    /// What messages advise: to delete a Job whose failure is repaired, to ask for new passwords.
    void follow_advice();
    /// In the order in which they were done.
    [[nodiscard]] const std::vector<Deed>& done() const { return done_; }
    /// Jobs that users removed.
    [[nodiscard]] std::uint64_t jobs_removed() const { return jobs_removed_; }

  private:
    void begin(const Scene& scene);
    void play(const Scene& scene);
    void create();
    void ask_for_backups(BackupWhen when, const char* claim);
    void ask_for_proof(VerifyWhen when, std::chrono::seconds soak);
    void restart_pod();
    void approve_if_asked(const std::string& digest);
    void release(const Scene& scene);
    void deploy(const ObjectKey& key, const std::string& image, const std::string& note);
    void edit_secret(const Scene& scene);
    void lose_stored();
    void change_ca();
    void grant();
    void for_a_while(const Scene& scene);
    void by_dba(const Scene& scene);
    void be_away(const Scene& scene);
    void rename(const Scene& scene);
    void lose(const Scene& scene);
    void replace(const Scene& scene);
    void back_up();
    void restore(const Scene& scene);
    void accept();
    void do_and_undo(
        const Scene& scene, const std::function<void()>& act, const std::function<void()>& undo
    );

    World& world_;
    const Script& script_;
    int image_ = 0;
    int restarts_ = 0;
    std::vector<Deed> done_;
    std::uint64_t jobs_removed_ = 0;
    std::optional<PgServer::State> backup_;
    Millis backed_up_at_ = 0;
};

}  // namespace djdb::model
