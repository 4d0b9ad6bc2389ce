// Bugs that are planted, to see that the simulation finds them. Each has a program of its own,
// simulate_mutant_NAME, in which the files that carry it are compiled with DJDB_MUTANT=NAME; all other
// programs are compiled without. Each stands where such a bug would be made: in an adapter's call
// (ports/), or around a stage of the product (mutated_stages.cpp, by the linker's --wrap). The product's
// sources know nothing of them.
#pragma once

#include <atomic>
#include <cstdint>

namespace djdb::model {

enum class Mutant {
    None,
    FinalizerWithoutVersion,  ///< finalizers are written without the version that was judged
    PublishBeforeRoles,       ///< the app's Secret is published before its login exists
    DropByName,               ///< the database is dropped by its name instead of its OID
    SecondJob,                ///< the Job's name is another one with each try
    GateOfAnotherVersion,     ///< the gate is opened for a template that nobody judged
    ForcedStoredPassword,     ///< a stored password is overwritten
    FinalizerBeforeRetire,    ///< the finalizer goes before the logins are disabled
    ImageOfAnotherDatabase,   ///< a passed image is noted for whatever has the name
    StoreAfterRoles,          ///< passwords are stored after the roles have them
    NewPasswordsForLost,      ///< new passwords are made where the stored ones are lost
    MigrateUnapproved,        ///< a migration starts although its plan waits for an approval
    MigrateUnbacked,          ///< a migration starts without the backup that is asked for
    TrustAnyBackup,           ///< a backup of before the last release counts as one of now
    MigrateUntried,           ///< a migration starts from a template that no probe has tried out
    StartBesideRunningJob,    ///< a migration starts without a look at running Jobs
    RetryWithoutEnd,          ///< a failed migration is tried again at once and for ever
    StatusEachTime,           ///< the status is written with each run
    AdoptByName,              ///< whatever database has the name is taken for ours
    TakeWithoutConsent,       ///< what is another's is taken over or transferred without a grant
    ClaimOfTheDeleted,        ///< the ledger takes claims of resources that were deleted
    RolesOfEarlierAttempt,    ///< a late look sets the password that an earlier attempt had
    EarlierSessionsStay,      ///< an attempt starts while one before it has sessions on the server
    ServerOfThePast,          ///< a server that went back in time is used like the one before
    RecordsUnverified,        ///< a release counts as verified although the Job failed
    BelievesEarlierVerification,  ///< a Job that proved an earlier pass counts for this one
    VerifiesBeforeRollout,        ///< a release is to be proven before it has rolled out
    OverlooksRestarts,            ///< new Pods that restart do not count
};

#ifndef DJDB_MUTANT
#define DJDB_MUTANT None
#endif

/// How often the planted bug was at work: one that never is shows nothing.
inline std::atomic<std::uint64_t> times_mutated = 0;

/// Whether this bug is planted in this file; if so it is at work now. Internal to each file, since files
/// of one program differ in it.
static inline bool acts(Mutant mutant) {
    const bool is_planted = mutant == Mutant::DJDB_MUTANT;
    times_mutated += is_planted ? 1U : 0U;
    return is_planted;
}

}  // namespace djdb::model
