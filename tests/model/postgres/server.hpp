// A PostgreSQL server in memory: roles, databases with OIDs, logins, and the operator's ledger. Each
// member that changes something is one transaction, or one statement that can be in none, and what
// it refuses it refuses as the statements of reconcilers/sql do.
#pragma once

#include "crds/names.hpp"
#include "reconcilers/ports/tenant.hpp"
#include "tests/model/world/refusal.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace djdb::model {

using Oid = std::int64_t;
inline constexpr const char* kAdministrator = "djdb_admin";

struct Role {
    /// The comment by which our roles are known.
    std::string mark;
    bool login = false;
    std::string password;
    /// CREATEDB: a right that no tenant's role has.
    bool has_extra_right = false;
    /// It owns something, or has rights, beside its tenant's database.
    bool is_needed_elsewhere = false;
};

/// What a plan said, as the ledger has it: rows for this very database.
struct JudgedRow {
    std::string name;
    bool is_compatible = false;
    std::string since;
    std::string backup;
    friend bool operator==(const JudgedRow&, const JudgedRow&) = default;
};

struct PgDatabase {
    Oid oid = 0;
    std::string name;
    std::string owner = kAdministrator;
    bool is_open = false;
    bool is_half_dropped = false;
    std::int64_t limit = -1;
    bool lets_public_in = true;
    /// Roles with their privileges and settings in it.
    std::set<std::string> configured;
    /// Schemas and rights on rows are as asked for.
    bool contents_arranged = false;
    /// The resource that it was made for; empty: somebody else made it. The server does not know.
    std::string made_for;
    /// Whose objects are in it, beside those of its owner.
    std::set<std::string> object_owners;
    bool has_migrations_table = false;
    std::set<std::string> migrations;
    /// The latest first.
    std::vector<JudgedRow> judged;
};

/// Who claims.
struct Holder {
    std::string cluster;
    std::string uid;
    std::string key;  ///< namespace/name

    [[nodiscard]] bool has_key_of(const Holder& other) const {
        return cluster == other.cluster && key == other.key;
    }
    friend bool operator==(const Holder&, const Holder&) = default;
};

struct WantedRole {
    std::string name;
    bool logs_in = false;
};

/// What one tenant asks for.
struct Shape {
    std::string database;
    std::string owner;
    std::vector<WantedRole> roles;
    /// Beside those of `roles`, names that are reserved.
    std::vector<std::string> names;
    /// Of `roles`, those that stay when logins go.
    std::set<std::string> groups;
    bool owns_database = false;
    std::int64_t limit = -1;
    Holder holder;

    [[nodiscard]] std::string mark() const {
        return holder.cluster + " " + holder.key + " " + database;
    }
};

struct LedgerClaim {
    Holder holder;
    bool is_active = true;
    std::optional<Oid> oid;
    bool is_configured = false;
    /// How often it was written, in place of the time of that.
    std::int64_t written = 0;
};

enum class SeenClaim { Unclaimed, Mine, Retained, Other };
enum class SeenDatabase {
    Absent,
    Closed,
    Open,
    Adopting,
    Lost,
    Replaced,
    HalfDropped,
    Renamed,
    Reowned,
    Foreign
};
enum class SeenRoles { Absent, Incomplete, Complete, Foreign };
/// What differs from what is asked for, and of whom or what.
enum class Differs {
    NameNotKept,
    RoleMissing,
    MarkMissing,
    ExtraRight,
    CannotLogIn,
    MayLogIn,
    Owner,
    Closed,
    Limit,
    PrivilegeMissing,
    PublicIn,
    Inside
};
struct Difference {
    Differs what = Differs::RoleMissing;
    std::string subject;
    std::vector<std::string> details = {};
};

/// Of a Job's Pod, in the tenant's database.
struct Session {
    std::string role;
    /// Of the Job; one that is made again has the same name.
    ResourceUid of;
    ObjectKey job;
    Oid database = 0;
    /// The lock of jobs/djangodb_lock.py.
    bool holds_lock = false;
};

/// What passed, as the ledger has it.
struct PassedRow {
    std::string app_template;
    std::string configs;
    std::string image;
    std::string applied;
    std::string recorded_in;
    std::string job;
    /// As PassedTemplate has it.
    std::optional<std::string> verified;
    friend bool operator==(const PassedRow&, const PassedRow&) = default;
};

/// What one look at a tenant shows.
struct Sight {
    SeenClaim claim = SeenClaim::Unclaimed;
    std::string holder;
    SeenRoles roles = SeenRoles::Absent;
    SeenDatabase database = SeenDatabase::Absent;
    bool lost_by_transfer = false;
    bool was_deleted = false;
    std::string oid;
    std::string name;
    std::string owner;
    bool is_configured = false;
    bool was_configured = false;
    std::vector<Difference> differences;
    std::string fingerprint;
    std::vector<std::string> removed;
    std::vector<PassedRow> templates;
    std::vector<std::string> images;
    std::int64_t attempts = 0;
};

class PgServer {
  public:
    enum class Standing { Up, Down, Starting, Standby };

    Standing standing = Standing::Up;
    std::string system_identifier = "7000000000000000001";
    std::int64_t timeline = 1;

    /// Everything on disk: what a restore brings back.
    struct State {
        std::map<std::string, Role> roles;
        std::map<Oid, PgDatabase> databases;
        std::map<std::string, LedgerClaim> claims;
        std::map<std::string, std::string> names;               ///< role -> database
        std::set<std::pair<std::string, std::string>> former;   ///< database, uid
        std::set<std::pair<std::string, std::string>> deleted;  ///< cluster, uid
        std::map<std::string, bool> adoptions;                  ///< database -> done
        std::vector<std::pair<std::pair<std::string, Oid>, std::string>> images;
        std::vector<std::pair<std::pair<std::string, Oid>, PassedRow>> templates;
        std::map<std::string, std::int64_t> attempts;  ///< database -> how many were counted
        std::int64_t revision = 0;
        Oid next_oid = 20000;
    };
    State state;
    /// What is not on disk.
    std::vector<Session> sessions;

    [[nodiscard]] Sight look(const Shape&) const;
    [[nodiscard]] std::vector<Difference> look_inside(const Shape&) const;
    /// Of all facts of that database that look() judges.
    [[nodiscard]] std::string fingerprint(const std::string& name) const;
    /// The ledger keeps names for that database.
    [[nodiscard]] bool is_known(const std::string& name) const;
    [[nodiscard]] PgDatabase* find(const std::string& name);
    [[nodiscard]] const PgDatabase* find(const std::string& name) const;

    void
    create_roles(const Shape&, const std::map<std::string, std::string>& passwords, const AttemptCount&);
    void create_database(const Shape&);
    void configure(const Shape&);
    void arrange(const Shape&);
    void note_configured(const Shape&);
    void claim_existing(const Shape&, const std::set<std::string>& owners);
    /// @return false when nothing of this resource is to be adopted
    bool adopt(const Shape&);
    void note_adopted(const Shape&);
    void transfer(const Shape&);
    void reattach(const Shape&);
    void note_deleted(const Shape&);
    void retire(const Shape&);
    void drop_logins(const Shape&);
    /// Of a retained tenant: what drop_logins() could not drop.
    [[nodiscard]] std::vector<std::string> kept_logins(const Shape&) const;
    void shut(const Shape&);
    void close(const Shape&);
    void drop_database(const Shape&, bool by_name = false);
    void drop_roles_and_claim(const Shape&);
    void shut_reader(const Shape&, const std::string& reader);
    void drop_reader(const Shape&, const std::string& reader);
    void count_attempt(const Shape&, const AttemptCount&);
    void set_attempt_password(
        const Shape&, std::int64_t attempt, const std::string& role, const std::string& password
    );
    void end_sessions(const Shape&, std::int64_t attempt, const std::string& role);
    /// Of that pass; another one is left alone.
    void record_verified(
        const Shape&,
        const std::string& app_template,
        const std::string& job,
        const std::string& said
    );
    /// Of a claimed database alone; another one of its name gets none.
    void record_judgements(
        const Shape&, const std::vector<JudgedRow>&, const std::vector<std::string>& applied
    );
    void record_passed(const Shape&, const std::vector<PassedRow>&, bool checks_oid = true);

    /// @throws Refusal as a failed login does
    void log_in(const std::string& role, const std::string& password, const std::string& database)
        const;

    // The DBA's hand.
    PgDatabase& make_database(const std::string& name, const std::string& owner);
    void drop_by_hand(const std::string& name);
    void drop_role_by_hand(const std::string& role);

  private:
    [[nodiscard]] bool is_claimed(const LedgerClaim&, const PgDatabase&) const;
    [[nodiscard]] bool is_mine(const Shape&) const;
    [[nodiscard]] std::int64_t attempts_of(const Shape&) const;
    void require_counted(const Shape&, std::int64_t attempts) const;
    void require_last(const Shape&, std::int64_t attempt);
    void require_seen(const Shape&, const AttemptCount&) const;
    LedgerClaim& require_claim(const Shape&);
    PgDatabase& require_claimed_database(const Shape&);
    void refuse_foreign_roles(const Shape&) const;
    void write_claim(const Shape&);
    void refuse_obstacles(const Shape&, const PgDatabase* claimed) const;
    PgDatabase& require_open(const std::string& name);
    [[nodiscard]] bool may_connect(const PgDatabase&, const std::string& role) const;
    [[nodiscard]] bool is_deleted(const Shape&) const;
    void refuse_deleted(const Shape&) const;
    void take_names(const Shape&);
    [[nodiscard]] bool is_own_role(const Shape&, const std::string& name) const;
    void shut_logins(const Shape&);
    void drop_role(const std::string& name);
    void count() { ++state.revision; }
    void compare(const Shape&, const PgDatabase*, Sight&) const;
    [[nodiscard]] SeenDatabase judge_database(
        const Shape&, const LedgerClaim*, const PgDatabase* named, const PgDatabase* noted
    ) const;
};

}  // namespace djdb::model
