// Reasons of the server: whether it can be used, and how.
#pragma once

#include "crds/conditions/reason_row.hpp"

#include <array>

namespace djdb::reasons {

constexpr std::array kServer{
    ReasonRow{
        ServerNotFound,
        "ServerNotFound",
        C::Accepted,
        "the PostgresServer does not exist",
        "create it, or recreate this resource with another spec.serverRef.name"},
    ReasonRow{
        NamespaceNotAllowed,
        "NamespaceNotAllowed",
        C::Accepted,
        "the server does not allow this namespace",
        "add it to the server's spec.allowedNamespaces"},
    ReasonRow{
        AdminSecretMissing,
        "AdminSecretMissing",
        C::Accepted,
        "the administrator's Secret does not exist",
        "create it in the operator's namespace"},
    ReasonRow{
        AdminSecretInvalid,
        "AdminSecretInvalid",
        C::Accepted,
        "the Secret lacks username or password",
        "add the key"},
    ReasonRow{
        CaSecretMissing,
        "CaSecretMissing",
        C::Accepted,
        "the CA certificate was not found",
        "create the Secret that spec.tls.caSecretRef names"},
    ReasonRow{
        ClientCertificateInvalid,
        "ClientCertificateInvalid",
        C::Accepted,
        "the client certificate is missing or not a key pair in PEM form",
        "create the Secret that spec.tls.clientCertificateRef names"},
    ReasonRow{
        DNSFailed,
        "DNSFailed",
        C::ServerReachable,
        "the server's name does not resolve",
        "correct spec.host"},
    ReasonRow{
        TCPUnreachable,
        "TCPUnreachable",
        C::ServerReachable,
        "the connection was refused, or nobody answered at host and port",
        "check network policies first, then listen_addresses"},
    ReasonRow{
        TLSNotOffered,
        "TLSNotOffered",
        C::ServerReachable,
        "the server answers without TLS",
        "set ssl = on, or check that host and port are PostgreSQL's"},
    ReasonRow{
        TLSVerifyFailed,
        "TLSVerifyFailed",
        C::ServerReachable,
        "the certificate is from another CA, for another name, or expired",
        "as the message says: correct spec.tls, spec.host or the certificate"},
    ReasonRow{
        AccessRuleRejected,
        "AccessRuleRejected",
        C::ServerReachable,
        "pg_hba.conf has no rule for this login, or the role may not log in",
        "add a rule to pg_hba.conf, or ALTER ROLE .. LOGIN"},
    ReasonRow{
        AuthRejected,
        "AuthRejected",
        C::ServerReachable,
        "the administrator's password was rejected",
        "correct the Secret"},
    ReasonRow{
        ChannelBindingImpossible,
        "ChannelBindingImpossible",
        {C::ServerReachable, C::CredentialsSynced},
        "the login can't be bound to the server's certificate",
        "change the certificate's signature, the stored password or pg_hba.conf as the message "
        "says"},
    ReasonRow{
        DatabaseMissing,
        "DatabaseMissing",
        {C::ServerReachable, C::PreflightPassed, C::MigrationsApplied, C::Verified},
        "the database that the administrator, or the app, logs in to does not exist",
        "create it, or correct spec.maintenanceDatabase; in the app, read DB_NAME from the Secret"},
    ReasonRow{
        TooManyConnections,
        "TooManyConnections",
        C::ServerReachable,
        "the server, the database or the role is at its limit of connections",
        "raise the limit that the message names"},
    ReasonRow{
        ServerStarting, "ServerStarting", C::ServerReachable, "the server starts or stops", "wait"},
    ReasonRow{
        ReadOnlyServer,
        "ReadOnlyServer",
        {C::ServerReachable, C::PreflightPassed, C::MigrationsApplied, C::Verified},
        "the server is a standby or read-only",
        "point spec.host to the primary"},
    ReasonRow{
        BrokenServerVersion,
        "BrokenServerVersion",
        C::ServerReachable,
        "this minor release ignores SET role of a login (CVE-2024-10978 regression)",
        "update PostgreSQL"},
    ReasonRow{
        LocaleNotUTF8,
        "LocaleNotUTF8",
        {C::ServerReachable, C::DatabaseReady},
        "template0 has a locale in which no UTF-8 database can be made",
        "run the statements in the message"},
    ReasonRow{
        AdminRightsMissing,
        "AdminRightsMissing",
        C::ServerReachable,
        "the administrator lacks a right",
        "run the statement in the message"},
    ReasonRow{
        AdminIsSuperuser,
        "AdminIsSuperuser",
        C::LeastPrivilege,
        "the administrator is a superuser, which the operator does not need",
        "use a role with LOGIN CREATEDB CREATEROLE"},
    ReasonRow{
        TLSNotVerified,
        "TLSNotVerified",
        C::TLSVerified,
        "mode Require: the server is not verified",
        "set spec.tls.mode VerifyFull with a CA"},
    ReasonRow{
        PublicCanConnect,
        "PublicCanConnect",
        C::ClosedToPublic,
        "every login may connect to a maintenance database",
        "run the statements in the message"},
    ReasonRow{
        ServerIdentityChanged,
        "ServerIdentityChanged",
        C::SameServer,
        "another server answers at host and port; everything stops",
        "point spec.host back, or acknowledge it as the message says"},
    ReasonRow{
        ServerRestored,
        "ServerRestored",
        C::SameServer,
        "the server was restored from the past: its ledger is older than it was; everything stops",
        "compare, then acknowledge it as the message says"},
    ReasonRow{
        SessionNotPinned,
        "SessionNotPinned",
        C::ServerReachable,
        "a pooler drops the settings that the administrator's sessions begin with; everything "
        "stops",
        "point spec.host and spec.port to the server itself"},
    ReasonRow{
        PoolerInPath,
        "PoolerInPath",
        C::ServerReachable,
        "a connection pooler or proxy stands between the operator and the server; everything stops",
        "point spec.host and spec.port to the server itself"},
    ReasonRow{
        ServerError,
        "ServerError",
        C::ServerReachable,
        "the server refused a statement",
        "see the message"},
};

}  // namespace djdb::reasons
