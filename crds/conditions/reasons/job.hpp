// Reasons that the Jobs in the app's image give, in the words of jobs/djangodb_exit_codes.py.
#pragma once

#include "crds/conditions/reason_row.hpp"

#include <array>

namespace djdb::reasons {

/// The pre-flight finds most of what would end a migration.
constexpr ConditionSet kBothJobs{C::PreflightPassed, C::MigrationsApplied};
/// What keeps the app from its database may also come once it has rolled out.
constexpr ConditionSet kEveryJob{C::PreflightPassed, C::MigrationsApplied, C::Verified};

constexpr std::array kJob{
    ReasonRow{
        TLSFailed,
        "TLSFailed",
        kEveryJob,
        "the app's settings can't verify the server",
        "mount ca.crt of ConfigMap SECRET-ca where DB_SSLROOTCERT says"},
    ReasonRow{
        EntryPointNotFound,
        "EntryPointNotFound",
        kEveryJob,
        "the image has no such management command",
        "correct spec.app.manage"},
    ReasonRow{
        EntryPointNotDjango,
        "EntryPointNotDjango",
        kEveryJob,
        "the management command ended before it reached Django",
        "correct spec.app.manage"},
    ReasonRow{
        SettingsNotFound,
        "SettingsNotFound",
        kEveryJob,
        "the settings module does not exist in the image",
        "correct DJANGO_SETTINGS_MODULE or spec.app.settingsModule"},
    ReasonRow{
        SettingsImportFailed,
        "SettingsImportFailed",
        kEveryJob,
        "the settings raise an error, often for a missing variable",
        "give the Pod template what the message names"},
    ReasonRow{
        NoDatabaseConfigured,
        "NoDatabaseConfigured",
        kEveryJob,
        "the settings name no default database",
        "read DB_* from the Secret in DATABASES"},
    ReasonRow{
        EngineNotPostgres,
        "EngineNotPostgres",
        kEveryJob,
        "the settings use another engine, such as a fallback to SQLite",
        "set ENGINE to django.db.backends.postgresql"},
    ReasonRow{
        DjangoMissing,
        "DjangoMissing",
        kEveryJob,
        "the image's interpreter can't import Django",
        "set a fixed image, or spec.app.manage if it is in a virtual environment"},
    ReasonRow{
        DriverMissing,
        "DriverMissing",
        kEveryJob,
        "the image has no psycopg",
        "set a fixed image with psycopg"},
    ReasonRow{
        DriverTooOld,
        "DriverTooOld",
        kEveryJob,
        "the image's psycopg is too old for its Django",
        "set a fixed image with a newer psycopg"},
    ReasonRow{
        AuthFailed,
        "AuthFailed",
        kEveryJob,
        "the server refused the login that the app's settings use",
        "read DB_USER and DB_PASSWORD from the Secret"},
    ReasonRow{
        WrongDatabaseOrUser,
        "WrongDatabaseOrUser",
        kEveryJob,
        "the app's settings lead to another database or role",
        "read DB_* from the Secret"},
    ReasonRow{
        TLSNotInUse,
        "TLSNotInUse",
        kEveryJob,
        "the app's connection is not encrypted",
        "set sslmode in OPTIONS from DB_SSLMODE"},
    ReasonRow{
        PermissionDenied,
        "PermissionDenied",
        kEveryJob,
        "a migration, or the app, lacks a right",
        "set the field that the message names, or have a DBA run its statement; then delete the "
        "Job: it is tried again"},
    ReasonRow{
        GraphConflict,
        "GraphConflict",
        kBothJobs,
        "several leaf migrations",
        "run makemigrations --merge, set a fixed image"},
    ReasonRow{
        GraphBroken,
        "GraphBroken",
        kBothJobs,
        "a migration file is missing or broken",
        "set a fixed image"},
    ReasonRow{
        InconsistentHistory,
        "InconsistentHistory",
        kBothJobs,
        "a migration is recorded before one that it depends on",
        "see the message"},
    ReasonRow{
        SquashGap,
        "SquashGap",
        kBothJobs,
        "a squashed migration replaces migrations of which only some are applied",
        "release the unsquashed version first"},
    ReasonRow{
        ServerTooOld,
        "ServerTooOld",
        kEveryJob,
        "Django does not support this PostgreSQL release",
        "update PostgreSQL"},
    ReasonRow{
        LockTimeout,
        "LockTimeout",
        kEveryJob,
        "a migration, or a write of the pre-flight, waited for a lock again and again",
        "end the long transaction, then delete the Job: it is tried again"},
    ReasonRow{
        Backward,
        "Backward",
        C::MigrationsApplied,
        "the plan goes backwards, which loses data",
        "set an image that knows all applied migrations"},
    ReasonRow{
        PartiallyApplied,
        "PartiallyApplied",
        kBothJobs,
        "a migration outside a transaction failed half-way",
        "finish or undo it by hand as the message says, then delete the Job: it is tried again"},
    ReasonRow{
        NotRecorded,
        "NotRecorded",
        C::MigrationsApplied,
        "a migration ran and is not in django_migrations",
        "look at the database before anything else"},
    ReasonRow{
        Unreachable,
        "Unreachable",
        kEveryJob,
        "the app's connection to the server failed or was lost",
        "it is tried again, after half an hour once an hour; see to the connection"},
    ReasonRow{
        LockHeld,
        "LockHeld",
        kBothJobs,
        "another migration of this database still runs",
        "wait; it is tried again"},
    ReasonRow{
        Interrupted,
        "Interrupted",
        kEveryJob,
        "a signal ended the Job, as when its node is drained; nothing is half applied",
        "wait; it is tried again"},
    ReasonRow{
        Deadlock,
        "Deadlock",
        C::MigrationsApplied,
        "a migration met a deadlock again and again",
        "end what locks the same tables, then delete the Job: it is tried again"},
    ReasonRow{
        StatementTimeout,
        "StatementTimeout",
        kEveryJob,
        "a statement of a migration was cancelled, mostly by the app's statement_timeout",
        "raise statement_timeout in the app's settings, or set an image with smaller migrations"},
    ReasonRow{
        Internal,
        "Internal",
        kEveryJob,
        "the operator's own program failed",
        "report the message and the Job's log"},
    ReasonRow{
        OptionsRefused,
        "OptionsRefused",
        kEveryJob,
        "spec.app.manage holds options or words that the migration would go without",
        "take them out; --settings and --pythonpath are obeyed"},
    ReasonRow{
        ConnectionFailed,
        "ConnectionFailed",
        kEveryJob,
        "the app's connection could not be opened, for a cause that the operator does not know",
        "see the message; correct DATABASES in the settings, or repair the cause and delete the "
        "Job: it is tried again"},
    ReasonRow{
        ChecksFailed,
        "ChecksFailed",
        C::PreflightPassed,
        "Django's check --deploy has findings of spec.preflight.failLevel",
        "correct the settings that the message names, or silence a check in "
        "SILENCED_SYSTEM_CHECKS"},
    ReasonRow{
        PlanChanged,
        "PlanChanged",
        C::MigrationsApplied,
        "the database or the image changed since the plan was approved; nothing was migrated",
        "nothing at first: the plan is judged anew, five times at most"},
};

}  // namespace djdb::reasons
