// The safety rules, checked against the truth of the model world and never against what the operator
// believes. The first violation ends a history.
#pragma once

#include "tests/model/kube/api_server.hpp"
#include "tests/model/postgres/server.hpp"
#include "tests/model/world/history.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace djdb::model {

/// What an image's migration leaves in the database, by image.
using Leaves = std::map<std::string, std::vector<std::string>>;

/// What a run began with.
struct Seen {
    std::shared_ptr<const DjangoDatabase> object;
    Millis at = 0;
};

/// What a backup Job dumps.
struct Dump {
    Oid database = 0;
    /// What it holds is of then.
    Millis begun = 0;
    std::set<std::string> migrations;
    Millis ended = 0;
};

/// A template that passed came into the ledger.
struct Pass {
    Oid database = 0;
    Millis at = 0;
    /// That were in the database.
    std::set<std::string> migrations;
};

/// What a Job is to prove, and what came of it.
struct Verification {
    /// What a Deployment asked for when it was made, and the Job that let that pass.
    std::set<std::pair<std::string, std::string>> passes;
    /// On which it said ok, and when; 0: it has not.
    Oid database = 0;
    Millis ended = 0;
};

class Rules {
  public:
    Rules(const ApiServer& api, const PgServer& postgres, const Leaves& leaves, History& history)
        : api_(api), postgres_(postgres), leaves_(leaves), history_(history) {}

    [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }
    void violated(const std::string& what);

    /// Somebody else had a hand in passwords, Secrets or roles: what rests on them may fail for a while.
    bool is_disturbed = false;
    /// Two operators act at once, of whom one may not have seen what the other did.
    bool has_rivals = false;
    /// When the server could last not be reached.
    Millis unreachable_at = -1'000'000;
    /// The server is one of the past, and nobody said yet that this is as it should be.
    bool is_past = false;
    /// Until then Pods may roll that were let through by what is not there any more.
    Millis doubtful_until = -1;

    /// Of what makes something; ending it twice does no harm.
    void after_making(const Shape&);
    /// Of anything on the server. @param knows_better the caller was told of a later one
    void before_effect(bool knows_better);
    /// Somebody removes what the operator stored.
    void lose(const Secret& stored);
    void after_passwords(const Shape&, const std::map<std::string, std::string>& passwords);
    /// When none was there.
    void after_create_database(const Shape&);
    void after_configure(const Shape&);
    void before_take(const Shape&, bool by_transfer);
    void before_drop_database(const Shape&, bool by_name);
    void after_record(const Shape&, const std::string& image);
    /// @param current null: it is made
    void before_publish(const Secret* current, const Secret& next);
    void before_change_of(const Secret* current, const ResourceUid& controller);
    void before_job(const Job&, const Seen&);
    void after_job(const ObjectKey& key, Millis now);
    void before_open_gate(const ObjectKey& key, Millis now);
    void before_roll(const Deployment&, Millis now);
    /// @param failed_at the last call: a look at the server, it may be, that cannot be reached then
    void before_remove_finalizer(const DjangoDatabase&, Millis now, Millis failed_at);
    void before_finalizers(const ObjectKey& key, const std::vector<std::string>& finalizers);
    void before_status(const ObjectMeta& judged, const DjangoDatabaseStatus&);
    void before_status(const ObjectMeta& judged, const PostgresServerStatus&);
    void probe_passes(const Job&);
    /// From when on plans have to be approved; none: they need not.
    void ask_for_approval(std::optional<TimePoint> from) { approval_asked_ = from; }
    /// Somebody approves the plan of these, or nothing in it asks for that.
    void note_approved(const std::string& planned) { approved_.insert(planned); }
    /// The ledger has another template that passed.
    void note_pass(const std::string& database, Millis now);
    /// Of the ledger what came into it since then is gone.
    void forget_passes(Millis since);
    void backup_begins(const Job&);
    /// It was read back and kept, and its Job has said so.
    void backup_is_kept(Dump dump) { dumps_.push_back(std::move(dump)); }
    /// What a run began with, by the operator's name.
    void saw(const std::string& who, const Seen& seen) { seen_[who] = seen; }
    /// Null: it was not there, or is gone.
    void deployment_changes(const Deployment* before, const Deployment* current, Millis now);
    void verification_begins(const Job&);
    /// It said ok, and its answer is there to be read.
    void verification_passes(const Job&, Millis now);
    /// An operator asks for its Pods: none, when it was told nothing.
    void show_restart(const ObjectKey& deployment, std::optional<Millis> shown);
    /// @param who the operator
    void before_record_verified(
        const Shape&,
        const std::string& app_template,
        const std::string& job,
        const std::string& who,
        Millis now
    );
    void migration_begins(const Job&);
    void migration_ends(const ObjectKey& job);
    /// Somebody logs in with the migration login.
    void session_begins(const Session&);
    /// Of this resource.
    void before_attempt_password(const Shape&);
    /// @param before all that there were
    void after_end_sessions(const std::vector<Session>& before);
    /// It may be made again: a user wants that, or it never began.
    void forget_job(const ObjectKey& job);
    /// Somebody decided to begin with an empty database.
    void forget_database(const std::string& database) { had_database_.erase(database); }
    void note_database(const std::string& database) { had_database_.insert(database); }
    /// Nothing of others may have changed.
    void check_others();
    void remember_others();

  private:
    [[nodiscard]] bool is_migrated(const std::string& name, const std::string& image) const;
    [[nodiscard]] bool is_underway(const Job&) const;
    void before_verification(const Job&, const Seen&);
    void note_verification(const Job&, Millis now);
    /// Now, or a moment ago: an operator may not know better.
    [[nodiscard]] bool is_asked_for(const std::string& app_template, Millis now) const;
    void before_migration(const Job&);
    void before_migration_behind_backup(const Job&, const Seen&);
    [[nodiscard]] bool is_good_for(
        const Dump&, const Job&, const BackupSpec&, const PgDatabase&, Millis now
    ) const;
    [[nodiscard]] std::string database_of(const ObjectKey& resource) const;
    [[nodiscard]] std::string others() const;

    const ApiServer& api_;
    const PgServer& postgres_;
    const Leaves& leaves_;
    History& history_;
    std::optional<std::string> violation_;
    std::set<std::string> lost_passwords_;
    std::set<ObjectKey> jobs_made_;
    std::set<std::pair<std::string, std::string>> tried_;  ///< database, image: a probe passed
    std::optional<TimePoint> approval_asked_;
    std::set<std::string> approved_;  ///< what plans consist of
    std::set<std::string> had_database_;
    std::vector<Dump> dumps_;
    std::vector<Pass> passes_;
    std::map<std::string, Seen> seen_;
    std::map<ResourceUid, Verification> verifications_;
    std::map<std::string, Millis> asked_until_;     ///< template: another one took its place
    std::set<std::string> rolled_out_;              ///< templates, and images
    std::map<ObjectKey, Millis> held_since_;        ///< by the gate
    std::map<ObjectKey, Millis> restart_shown_at_;  ///< to whoever listed its Pods last
    std::map<std::string, Millis> attempts_;        ///< revision: when the last one was made
    std::map<ObjectKey, ObjectKey> migrating_;      ///< resource -> Job
    std::map<ResourceUid, std::int64_t> generations_;
    std::string others_;
};

}  // namespace djdb::model
