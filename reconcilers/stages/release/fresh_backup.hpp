// Which backup speaks for a migration that is about to begin. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/observe/observed.hpp"

#include <optional>
#include <string>

namespace djdb {

/// Names what a backup is of, and how it is made: this database since something passed on it last. It stands on the Job.
std::string backup_name(const Desired&, const Observed&);

/// A backup Job with what it has kept.
struct Backup {
    const JobRun* job = nullptr;
    KeptDump dump;
    TimePoint finished{};
};

/// None: it has not ended well, or names no dump.
std::optional<KeptDump> kept_by(const JobRun& backup);

/// Nothing is pending, and the spec asks for no backup of that.
bool changes_nothing(const Desired&, const Observed&, const Workload& source);

/// The last one that was read back and kept since something passed; none: there is none.
std::optional<Backup> find_backup(const Desired&, const Observed&);

/// The one behind which what is to be proven migrates; none: there is none, or nothing is to be changed.
std::optional<Backup> find_backup_of_release(const Desired&, const Observed&);

/// It is no older than the spec lets it be, or an attempt at the migration of this workload's template came behind it and
/// may have changed something: a later backup would have what that left half done.
bool is_fresh(const Desired&, const Observed&, const Workload& source, const Backup&);

}  // namespace djdb
