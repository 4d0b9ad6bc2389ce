// Reasons of a release, but for those that the migration Job itself gives.
#pragma once

#include "crds/conditions/reason_row.hpp"

#include <array>

namespace djdb::reasons {

constexpr std::array kRelease{
    ReasonRow{
        GateMissing,
        "GateMissing",
        C::Gated,
        "the admission policy is missing or altered",
        "kubectl delete mutatingadmissionpolicy djangodb-release-gate if it was altered (Helm "
        "keeps "
        "others' changes), then helm upgrade"},
    ReasonRow{
        PausedByUser,
        "PausedByUser",
        C::Gated,
        "a user paused a labelled Deployment",
        "kubectl rollout resume"},
    ReasonRow{
        ImagesDiverge,
        "ImagesDiverge",
        C::Gated,
        "labelled Deployments have different images",
        "set the same image in all"},
    ReasonRow{
        UngatedRollout,
        "UngatedRollout",
        C::Gated,
        "a template is rolling out that was not held",
        "see the message"},
    ReasonRow{
        ConfigChanged,
        "ConfigChanged",
        C::Gated,
        "a ConfigMap or Secret that the app reads changed alone",
        "kubectl rollout restart, which is held and proven"},
    ReasonRow{
        AppContainerMissing,
        "AppContainerMissing",
        C::Gated,
        "a Deployment lacks the app container",
        "correct spec.app.container"},
    ReasonRow{
        CutoverUnconfirmed,
        "CutoverUnconfirmed",
        C::PreflightPassed,
        "the app ran before without this database, which is empty",
        "load its data into the database, or set spec.cutover.startEmpty to the database's name"},
    ReasonRow{
        PreflightOff,
        "PreflightOff",
        C::PreflightPassed,
        "spec.preflight.when is Never",
        "remove that field to have each new Pod template tried out"},
    ReasonRow{
        PreflightRunning,
        "PreflightRunning",
        C::PreflightPassed,
        "a new Pod template is tried out",
        "wait"},
    ReasonRow{
        PreflightRetrying,
        "PreflightRetrying",
        C::PreflightPassed,
        "an attempt met what may pass by itself: no server, a held lock, a Pod that was killed",
        "wait; it is tried again"},
    ReasonRow{
        PreflightFailed,
        "PreflightFailed",
        C::PreflightPassed,
        "the probe Job failed",
        "read its log; set a fixed image"},
    ReasonRow{
        PreflightJobStuck,
        "PreflightJobStuck",
        C::PreflightPassed,
        "the probe's Pod can't start, and neither could the app's",
        "see the message"},
    ReasonRow{
        ApprovalRequired,
        "ApprovalRequired",
        C::PlanApproved,
        "the plan has migrations that the policy lets nobody run without an approval",
        "read the plan in the DjangoRelease, then set spec.migrations.approvedPlan to its digest"},
    ReasonRow{
        PlanRefused,
        "PlanRefused",
        C::PlanApproved,
        "the plan has migrations that the policy forbids",
        "set an image without them, or change spec.migrations.destructive or incompatible"},
    ReasonRow{
        PlanUnknown,
        "PlanUnknown",
        C::PlanApproved,
        "a policy is set, and nobody has judged what the migrations will do",
        "see the message"},
    ReasonRow{
        RollbackUnsafe,
        "RollbackUnsafe",
        C::PlanApproved,
        "the database has migrations that an earlier image does not know, and may fail behind",
        "set an image that knows them; or go back all the same as the message says"},
    ReasonRow{
        BackupsOff,
        "BackupsOff",
        C::BackupFresh,
        "spec.backup.when is Never: migrations run without a backup of the operator's",
        "set spec.backup to have one made before each migration"},
    ReasonRow{BackupRunning, "BackupRunning", C::BackupFresh, "a backup Job runs", "wait"},
    ReasonRow{
        BackupRetrying,
        "BackupRetrying",
        C::BackupFresh,
        "a backup Job failed; the message has its words",
        "wait, it is tried again; or see to the cause"},
    ReasonRow{
        BackupFailed,
        "BackupFailed",
        C::BackupFresh,
        "no backup could be made and read back, so nothing is migrated",
        "see the message: room on the claim, rights on the object that it names, the image"},
    ReasonRow{
        BackupJobStuck,
        "BackupJobStuck",
        C::BackupFresh,
        "the backup's Pod can't start",
        "see the message"},
    ReasonRow{
        MigrationRunning,
        "MigrationRunning",
        C::MigrationsApplied,
        "the migration Job runs",
        "wait"},
    ReasonRow{
        MigrationRetrying,
        "MigrationRetrying",
        C::MigrationsApplied,
        "an attempt failed on a lock, or on a server or database that was not there",
        "wait; it is tried again"},
    ReasonRow{
        MigrationFailed,
        "MigrationFailed",
        C::MigrationsApplied,
        "the migration Job failed",
        "read its log; set a fixed image"},
    ReasonRow{
        MigrationJobStuck,
        "MigrationJobStuck",
        C::MigrationsApplied,
        "the Job's Pod can't start",
        "see the message"},
    ReasonRow{
        MigrationPodLost,
        "MigrationPodLost",
        C::MigrationsApplied,
        "the Job's Pod is to end and its node does not answer, so the migration may run on there",
        "shut the node down, then delete its Node object; the message has the commands"},
    ReasonRow{
        UnappliedRemain,
        "UnappliedRemain",
        C::MigrationsApplied,
        "the Job reported success, the database disagrees",
        "check which database the image uses"},
    ReasonRow{RollingOut, "RollingOut", C::RolledOut, "new Pods are starting", "wait"},
    ReasonRow{
        RolloutTimedOut,
        "RolloutTimedOut",
        C::RolledOut,
        "a Deployment exceeded its progress deadline",
        "read the new Pods' logs"},
    ReasonRow{
        VerifyOff,
        "VerifyOff",
        C::Verified,
        "spec.verify.when is Never",
        "remove that field to have each release proven"},
    ReasonRow{
        VerifyRunning,
        "VerifyRunning",
        C::Verified,
        "what rolled out is being proven; it serves meanwhile",
        "wait"},
    ReasonRow{
        VerifyRetrying,
        "VerifyRetrying",
        C::Verified,
        "an attempt met what may pass by itself: no server, a held lock, a Pod that was killed",
        "wait; it is tried again"},
    ReasonRow{
        VerifyFailed,
        "VerifyFailed",
        C::Verified,
        "the release serves, and was not proven to work",
        "see the message; set a fixed image, or go back as docs/releases.md says"},
    ReasonRow{
        VerifyJobStuck,
        "VerifyJobStuck",
        C::Verified,
        "the Pod of the Job that is to prove the release can't start",
        "see the message"},
    ReasonRow{
        PodsRestarted,
        "PodsRestarted",
        C::Verified,
        "containers of the new Pods end and are started again",
        "read kubectl logs --previous of the Pod that the message names"},
    ReasonRow{
        Superseded,
        "Superseded",
        C::Ready,
        "of a DjangoRelease: another one took its place before it had succeeded",
        "nothing; read that one"},
};

}  // namespace djdb::reasons
