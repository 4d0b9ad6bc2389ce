// The field tables of PostgresServer's status.
#pragma once

#include "crds/conditions/condition_fields.hpp"
#include "crds/kinds/postgres_server.hpp"

#include <tuple>

namespace djdb {

template <>
struct Describe<MissingRight> {
    static constexpr std::string_view kDoc = "A right that the administrator lacks.";
    static constexpr std::string_view kListKey = "name";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &MissingRight::name,
            Presence::Required,
            "The right, for example CREATEDB.",
            {.max_length = 128}
        ),
        field(
            "statement",
            &MissingRight::statement,
            Presence::Required,
            "What a DBA has to run.",
            {.max_length = 1024}
        )
    );
};

template <>
struct Describe<AdministratorStatus> {
    static constexpr std::string_view kDoc = "The administrator's login and its rights.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "user",
            &AdministratorStatus::user,
            Presence::Optional,
            "The role that the operator logs in as.",
            {.max_length = 63}
        ),
        field(
            "rights",
            &AdministratorStatus::rights,
            Presence::Optional,
            "Rights that the administrator has, whether the operator needs them or not.",
            {.max_length = 128, .max_items = 32}
        ),
        field(
            "missing",
            &AdministratorStatus::missing,
            Presence::Optional,
            "Rights that are needed and missing, each with the statement that a DBA has to run.",
            {.max_items = 32}
        )
    );
};

template <>
struct Describe<TlsStatus> {
    static constexpr std::string_view kDoc = "The TLS in use.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "version",
            &TlsStatus::version,
            Presence::Optional,
            "For example TLSv1.3.",
            {.max_length = 16}
        ),
        field(
            "verification",
            &TlsStatus::verification,
            Presence::Optional,
            "VerifyFull, VerifyCA, Require, or Socket.",
            {.max_length = 16}
        ),
        field(
            "notAfter",
            &TlsStatus::not_after,
            Presence::Optional,
            "When the server's certificate expires.",
            {.max_length = 32}
        )
    );
};

template <>
struct Describe<PostgresServerStatus> {
    static constexpr std::string_view kDoc = "What the operator found.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "observedGeneration",
            &PostgresServerStatus::observed_generation,
            Presence::Optional,
            "The metadata.generation that this status is about; -1 before the first run."
        ),
        field(
            "connection",
            &PostgresServerStatus::connection,
            Presence::Optional,
            "Connected, or why not: DNSFailed, TCPUnreachable, TLSNotOffered, TLSVerifyFailed, "
            "AccessRuleRejected, AuthRejected, DatabaseMissing, TooManyConnections, "
            "ServerStarting, ReadOnlyServer, SessionNotPinned, PoolerInPath, "
            "ChannelBindingImpossible.",
            {.max_length = 64}
        ),
        field(
            "version",
            &PostgresServerStatus::version,
            Presence::Optional,
            "The server's version, for example 15.18.",
            {.max_length = 128}
        ),
        field(
            "systemIdentifier",
            &PostgresServerStatus::system_identifier,
            Presence::Optional,
            "Identifies the server's data directory. Another value means another server, and all "
            "work stops.",
            {.max_length = 32}
        ),
        field(
            "timeline",
            &PostgresServerStatus::timeline,
            Presence::Optional,
            "Grows with each failover and each restore."
        ),
        field(
            "ledgerRevision",
            &PostgresServerStatus::ledger_revision,
            Presence::Optional,
            "Grows with each claim. A lower value than before means a server restored from the "
            "past, and all work stops."
        ),
        field(
            "claims",
            &PostgresServerStatus::claims,
            Presence::Optional,
            "How many databases the server's ledger lists, including retained ones."
        ),
        field("tls", &PostgresServerStatus::tls, Presence::Optional, Describe<TlsStatus>::kDoc),
        field(
            "administrator",
            &PostgresServerStatus::administrator,
            Presence::Optional,
            Describe<AdministratorStatus>::kDoc
        ),
        field(
            "publicConnect",
            &PostgresServerStatus::public_connect,
            Presence::Optional,
            "Maintenance databases that every login may connect to, including tenants' logins.",
            {.max_length = 63, .max_items = 16}
        ),
        field(
            "conditions",
            &PostgresServerStatus::conditions,
            Presence::Optional,
            "Ready: the administrator can log in and has the rights it needs, on the same server "
            "as before.",
            {.max_items = 32}
        )
    );
};

static_assert(
    describes_every_member<MissingRight, AdministratorStatus, TlsStatus, PostgresServerStatus>()
);

}  // namespace djdb
