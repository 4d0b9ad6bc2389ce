// Reasons of the database: claim, roles, grants, Secret, deletion.
#pragma once

#include "crds/conditions/reason_row.hpp"

#include <array>

namespace djdb::reasons {

constexpr std::array kDatabase{
    ReasonRow{
        InvalidName,
        "InvalidName",
        C::Accepted,
        "a name is too long, reserved, or would need quoting",
        "choose another name"},
    ReasonRow{
        InvalidKeyTemplate,
        "InvalidKeyTemplate",
        C::Accepted,
        "a key template is malformed",
        "correct spec.credentials.keys"},
    ReasonRow{
        OwnershipConflict,
        "OwnershipConflict",
        C::Claimed,
        "another resource owns the database",
        "recreate the resource with another spec.database.name"},
    ReasonRow{
        AdoptionNotGranted,
        "AdoptionNotGranted",
        C::Claimed,
        "the database exists and was not created by the operator",
        "recreate the resource with another spec.database.name"},
    ReasonRow{
        AdoptionRefused,
        "AdoptionRefused",
        C::Claimed,
        "the database holds what may not be taken over",
        "see the message"},
    ReasonRow{
        RoleConflict,
        "RoleConflict",
        C::Claimed,
        "a role exists and was not created by the operator",
        "drop the role, or recreate the resource with another spec.database.name"},
    ReasonRow{
        ClaimLost,
        "ClaimLost",
        C::Claimed,
        "the ledger does not know the database that this resource had",
        "restore it, or recreate the resource to start with an empty one"},
    ReasonRow{
        CredentialsLost,
        "CredentialsLost",
        C::CredentialsStored,
        "the operator's copy of the passwords is gone, and what the apps read is not accepted",
        "restore it, or ask for new passwords, as the message says"},
    ReasonRow{
        DatabaseLost,
        "DatabaseLost",
        C::DatabaseReady,
        "the database was dropped or renamed by somebody else; it is never replaced by an empty "
        "one",
        "restore it or rename it back, as the message says"},
    ReasonRow{
        DatabaseRenamed,
        "DatabaseRenamed",
        C::DatabaseReady,
        "the database was renamed by somebody else; it is never replaced by an empty one",
        "rename it back, as the message says"},
    ReasonRow{
        DatabaseReowned,
        "DatabaseReowned",
        C::DatabaseReady,
        "the database was given to another owner by somebody else",
        "give it back, as the message says"},
    ReasonRow{
        ExtensionNotAllowed,
        "ExtensionNotAllowed",
        C::GrantsReady,
        "an extension is neither trusted nor allowed",
        "add it to the server's spec.allowedExtensions"},
    ReasonRow{
        ExtensionMissing,
        "ExtensionMissing",
        C::GrantsReady,
        "the server has no such extension",
        "install its package on the server, or correct spec.database.extensions"},
    ReasonRow{
        PublicSchemaShared,
        "PublicSchemaShared",
        C::GrantsReady,
        "PostgreSQL 13 or 14: schema public still belongs to the server's superuser; the app works",
        "run the statements in the message, or update PostgreSQL"},
    ReasonRow{
        LoginRejected,
        "LoginRejected",
        C::CredentialsSynced,
        "one of the tenant's logins could not log in",
        "see the message"},
    ReasonRow{
        SecretConflict,
        "SecretConflict",
        C::CredentialsSynced,
        "a Secret, ConfigMap or Job of the name exists and is not this resource's",
        "delete it, or choose another spec.credentials.secretName"},
    ReasonRow{
        Drifted,
        "Drifted",
        C::InSync,
        "the server differs from what is requested",
        "see status.drift"},
    ReasonRow{
        Deleting, "Deleting", C::DeletionGuarded, "logins are being disabled", "see the message"},
    ReasonRow{
        DropObstructed,
        "DropObstructed",
        C::DeletionGuarded,
        "the database can't be dropped yet",
        "as the message says"},
};

}  // namespace djdb::reasons
