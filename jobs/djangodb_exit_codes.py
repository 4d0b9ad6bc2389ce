"""How the program ends: one exit code for each reason. reconcilers/jobs/exit_code.cpp has the same table."""

# Reason -> exit code. 70-74: image or settings. 75, 85: try again. 86: interrupted. 89: a person has to look.
# 90: our bug.
EXIT_CODES = {
    "EntryPointNotFound": 70,
    "EntryPointNotDjango": 70,
    "SettingsNotFound": 70,
    "SettingsImportFailed": 70,
    "NoDatabaseConfigured": 71,
    "EngineNotPostgres": 72,
    "DjangoMissing": 73,
    "DriverMissing": 73,
    "DriverTooOld": 74,
    "Unreachable": 75,
    "LockHeld": 75,
    "AuthFailed": 76,
    "WrongDatabaseOrUser": 76,
    "DatabaseMissing": 77,
    "TLSFailed": 78,
    "TLSNotInUse": 78,
    "PermissionDenied": 79,
    "ReadOnlyServer": 80,
    "GraphConflict": 81,
    "GraphBroken": 81,
    "InconsistentHistory": 82,
    "SquashGap": 83,
    "ServerTooOld": 84,
    "LockTimeout": 85,
    "Deadlock": 85,
    "Interrupted": 86,
    "Backward": 87,
    "MigrationFailed": 88,
    "StatementTimeout": 88,
    "PartiallyApplied": 89,
    "NotRecorded": 89,
    "UnappliedRemain": 89,
    "Internal": 90,  # the one without a test: whatever could produce it would be repaired instead
}
