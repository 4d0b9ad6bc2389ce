// How a program of jobs/ ends: its exit codes, and the reasons that stand behind each. A test compares them with
// jobs/djangodb_exit_codes.py.
#pragma once

#include "crds/conditions/conditions.hpp"

#include <span>

namespace djdb {

enum class ExitCode {
    Done = 0,
    NoSettings = 70,     ///< entry point, its options, or settings module
    NoDatabase = 71,     ///< the settings name none
    OtherEngine = 72,    ///< not PostgreSQL
    ImportMissing = 73,  ///< Django or psycopg
    DriverTooOld = 74,
    Unreachable = 75,  ///< the server, or another migration's lock is held
    WrongLogin = 76,
    DatabaseMissing = 77,
    NoTls = 78,
    PermissionDenied = 79,
    ReadOnlyServer = 80,
    BadGraph = 81,
    BadHistory = 82,
    SquashGap = 83,
    ServerTooOld = 84,
    LockTimeout = 85,  ///< of a statement, or no connection for an unknown cause; nothing is left
    Interrupted = 86,  ///< by a signal; nothing of its migration is left
    Backward = 87,
    Failed = 88,        ///< cleanly
    NeedsAPerson = 89,  ///< something may be half done
    Internal = 90,      ///< our bug
    PlanChanged = 91,   ///< a migration is pending that was not approved; nothing was done
    BackupFailed = 92,  ///< the dump could not be kept
    VerifyFailed = 93,  ///< the release does not work as it should
    // Of the shell's convention, 128 + signal: nobody had time to say anything.
    Killed = 137,
    Terminated = 143,
};

struct ExitRow {
    Reason reason;
    ExitCode code;
};

/// One row for each reason that the program can give.
std::span<const ExitRow> exit_table();

}  // namespace djdb
