// Thirteen bugs that were planted, one in force at a time. Each stands where such a bug would be made:
// in an adapter's call, or around a stage or a builder of the product (mutated_stages.cpp, by the
// linker's --wrap). The product's sources know nothing of them.
#pragma once

namespace djdb::model {

enum class Mutant {
    None,
    FinalizerWithoutVersion,  ///< a precondition is skipped
    PublishBeforeRoles,       ///< the app's Secret is published before its login exists
    DropByName,               ///< the database is dropped by its name instead of its OID
    SecondJob,                ///< the Job's name is another one with each try
    GateOfAnotherVersion,     ///< the gate is opened for a template that nobody judged
    ForcedStoredPassword,     ///< a stored password is overwritten
    FinalizerBeforeRetire,    ///< the finalizer goes before the logins are shut
    ImageOfAnotherDatabase,   ///< a passed image is noted for whatever has the name
    StoreAfterRoles,          ///< passwords are stored after the roles have them
    StartBesideRunningJob,    ///< a migration starts without a look at running Jobs
    RetryWithoutEnd,          ///< a failed migration is tried again at once and for ever
    StatusEachTime,           ///< the status is written with each run
    AdoptByName,              ///< whatever database has the name is taken for ours
};
inline constexpr int kMutants = 14;

/// One simulation runs on one thread; tools set this before they start any.
inline Mutant mutant_in_force = Mutant::None;

inline bool is_mutant(Mutant mutant) {
    return mutant_in_force == mutant;
}

const char* describe(Mutant mutant);

}  // namespace djdb::model
