// What users do in one history, and whoever else has a hand in it: a script that a seed draws. The
// same script can be played again without any fault, for comparison.
#pragma once

#include "tests/model/world/world.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace djdb::model {

inline const ObjectKey kShop{Namespace("shop"), ObjectName("shop")};
inline const ObjectKey kWeb{Namespace("shop"), ObjectName("web")};
inline const ObjectKey kWorker{Namespace("shop"), ObjectName("worker")};

enum class Deed {
    CreateResource,
    Deploy,   ///< both Deployments get the next image, one after the other
    Restart,  ///< the Pod template changes and the image does not
    RollBack,
    AddReader,
    RemoveReader,
    LimitConnections,
    ResumeByHand,  ///< kubectl rollout resume, which the gate holds again
    BreakGate,
    RepairGate,
    EditSecret,
    RemoveSecret,
    RetryJob,  ///< kubectl delete job
    QuotaOnJobs,
    // The DBA, and the server.
    ServerDown,
    Standby,
    ChangePassword,
    GiveExtraRight,
    DropLogin,
    CloseDatabase,
    LetPublicIn,
    RenameDatabase,
    ReownDatabase,
    ReplaceDatabase,  ///< drops it and makes another one of its name
    // Other controllers.
    AddFinalizer,
    // The end.
    Delete,
    DeleteAndDrop,
    CreateAgain,
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
    /// When the last deed is undone.
    Millis end = 0;
    bool ends_deleted = false;
    bool ends_dropped = false;
    bool is_replaced = false;
};

Script draw_script(Random random, bool has_rivals);
/// These one after the other, and every migration passes.
Script script_of(const std::vector<Deed>& deeds, Millis apart);
/// Users' plan, and neither a mistake nor somebody else's hand.
bool is_of_plan(Deed deed);
const char* describe(Deed deed);

/// Puts the deeds into the world's timeline.
class Stage {
  public:
    Stage(World& world, const Script& script);

    /// What messages advise: to delete a Job whose failure is repaired.
    void follow_advice();
    /// In the order in which they were done.
    [[nodiscard]] const std::vector<Deed>& done() const { return done_; }
    /// Jobs that users removed.
    [[nodiscard]] std::uint64_t jobs_removed() const { return jobs_removed_; }

  private:
    void begin(const Scene& scene);
    void play(const Scene& scene);
    void deploy(const ObjectKey& deployment, const std::string& image, const std::string& note);
    void by_dba(const Scene& scene);
    void rename(const Scene& scene);
    void replace(const Scene& scene);
    void do_and_undo(
        const Scene& scene, const std::function<void()>& act, const std::function<void()>& undo
    );

    World& world_;
    const Script& script_;
    int image_ = 0;
    int restarts_ = 0;
    std::vector<Deed> done_;
    std::uint64_t jobs_removed_ = 0;
};

}  // namespace djdb::model
