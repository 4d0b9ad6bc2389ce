// The field tables of PostgresServer. What `kubectl explain pgserver` prints stands here.
#pragma once

#include "crds/kinds/postgres_server_status_fields.hpp"

#include <tuple>

namespace djdb {

template <>
struct Words<TlsMode> {
    static constexpr std::array kWords{
        std::pair{TlsMode::VerifyFull, std::string_view{"VerifyFull"}},
        std::pair{TlsMode::VerifyCA, std::string_view{"VerifyCA"}},
        std::pair{TlsMode::Require, std::string_view{"Require"}},
    };
};

template <>
struct Words<PasswordMode> {
    static constexpr std::array kWords{
        std::pair{PasswordMode::ScramVerifier, std::string_view{"ScramVerifier"}},
        std::pair{PasswordMode::Plaintext, std::string_view{"Plaintext"}},
    };
};

template <>
struct Describe<KeyRef> {
    static constexpr std::string_view kDoc =
        "A key of a Secret or ConfigMap in the operator's namespace.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &KeyRef::name,
            Presence::Required,
            "Name of the object, for example main-ca.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = kObjectNamePattern,
             .pattern_message = kObjectNameMessage}
        ),
        field(
            "key",
            &KeyRef::key,
            Presence::Optional,
            "Key that holds the certificates in PEM form.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = "^[-._a-zA-Z0-9]+$",
             .pattern_message =
                 "must be a key of a Secret or ConfigMap: letters, digits, -, _ and .",
             .default_json = "\"ca.crt\""}
        )
    );
};

template <>
struct Describe<SecretRef> {
    static constexpr std::string_view kDoc = "A Secret in the operator's namespace.";
    static constexpr auto kFields = std::make_tuple(field(
        "name",
        &SecretRef::name,
        Presence::Required,
        "Name of the Secret, for example main-admin.",
        {.min_length = 1,
         .max_length = 253,
         .pattern = kObjectNamePattern,
         .pattern_message = kObjectNameMessage}
    ));
};

template <>
struct Describe<TlsSpec> {
    static constexpr std::string_view kDoc =
        "How the server is verified. TLS is always used, except with a socket.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "mode",
            &TlsSpec::mode,
            Presence::Optional,
            "VerifyFull: the certificate must be issued by the CA for the host's name. VerifyCA: "
            "it must be issued by the CA, for any name. Require: encrypted, but the server is "
            "not verified, which the condition TLSVerified reports.",
            {.default_json = "\"VerifyFull\""}
        ),
        field(
            "caSecretRef",
            &TlsSpec::ca_secret_ref,
            Presence::Optional,
            "The CA that signed the server's certificate, from a Secret in the operator's "
            "namespace. Apps get it as ca.crt in a ConfigMap of their own. This or caConfigMapRef."
        ),
        field(
            "caConfigMapRef",
            &TlsSpec::ca_config_map_ref,
            Presence::Optional,
            "The same from a ConfigMap in the operator's namespace."
        ),
        field(
            "clientCertificateRef",
            &TlsSpec::client_certificate_ref,
            Presence::Optional,
            "A client certificate for the administrator's sessions: a Secret in the operator's "
            "namespace with the keys tls.crt and tls.key. Default: none is sent."
        )
    );
};

template <>
struct Describe<AllowedNamespaces> {
    static constexpr std::string_view kDoc =
        "Which namespaces may use the server: those that are named and those with the "
        "labels. If both are empty: none.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "names",
            &AllowedNamespaces::names,
            Presence::Optional,
            "Namespaces by name, for example [shop, blog].",
            {.min_length = 1,
             .max_length = 63,
             .pattern = kLabelNamePattern,
             .max_items = 256,
             .unique = true}
        ),
        field(
            "matchLabels",
            &AllowedNamespaces::match_labels,
            Presence::Optional,
            "Namespaces with all of these labels, for example {team: web}.",
            {.max_length = 63,
             .pattern = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
             .max_items = 16,
             .rules =
                 {{{"self.all(key, key.size() <= 317 && "
                    "key.matches('^([a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9]"
                    "([-A-Za-z0-9_.]*[A-Za-z0-9])?$'))",
                    "a key is the key of a label, for example team or example.com/team"}}}}
        )
    );
};

template <>
struct Describe<AdoptGrant> {
    static constexpr std::string_view kDoc =
        "Permission for one resource to take over one database that the operator did not "
        "create.";
    static constexpr std::string_view kListKey = "database";
    static constexpr auto kFields = std::make_tuple(
        field(
            "database",
            &AdoptGrant::database,
            Presence::Required,
            "Name of the database, for example shop.",
            {.min_length = 1, .max_length = 63}
        ),
        field(
            "namespace",
            &AdoptGrant::ns,
            Presence::Required,
            "Namespace of the DjangoDatabase that may have it.",
            {.min_length = 1, .max_length = 63}
        ),
        field(
            "name",
            &AdoptGrant::name,
            Presence::Required,
            "Name of the DjangoDatabase that may have it.",
            {.min_length = 1, .max_length = 253}
        ),
        field(
            "owners",
            &AdoptGrant::owners,
            Presence::Optional,
            "Roles besides the database's owner whose tables, views, sequences, types, functions "
            "and large objects in it may be taken over, for example [legacy]. Objects of any "
            "other role prevent the adoption.",
            {.min_length = 1, .max_length = 63, .max_items = 32, .unique = true}
        )
    );
};

template <>
struct Describe<TransferGrant> {
    static constexpr std::string_view kDoc =
        "Permission for one resource to take over the claim that another one holds.";
    static constexpr std::string_view kListKey = "database";
    static constexpr auto kFields = std::make_tuple(
        field(
            "database",
            &TransferGrant::database,
            Presence::Required,
            "Name of the database, for example shop.",
            {.min_length = 1, .max_length = 63}
        ),
        field(
            "namespace",
            &TransferGrant::ns,
            Presence::Required,
            "Namespace of the DjangoDatabase that may have it.",
            {.min_length = 1, .max_length = 63}
        ),
        field(
            "name",
            &TransferGrant::name,
            Presence::Required,
            "Name of the DjangoDatabase that may have it.",
            {.min_length = 1, .max_length = 253}
        )
    );
};

template <>
struct Describe<Grants> {
    static constexpr std::string_view kDoc =
        "Permission that only the server's owner can give. An entry may be removed once it "
        "has been used.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "adopt",
            &Grants::adopt,
            Presence::Optional,
            "Existing databases that may be taken over. No others are.",
            {.max_items = 256}
        ),
        field(
            "transfer",
            &Grants::transfer,
            Presence::Optional,
            "Claims that may be moved to another resource; no others are.",
            {.max_items = 256}
        )
    );
};

template <>
struct Describe<ServerDeletionSpec> {
    static constexpr std::string_view kDoc =
        "What deleting a DjangoDatabase may do on this server.";
    static constexpr auto kFields = std::make_tuple(field(
        "allowDrop",
        &ServerDeletionSpec::allow_drop,
        Presence::Optional,
        "Whether deleting a DjangoDatabase with spec.deletion.policy Delete drops its "
        "database. If false, the database is kept whatever the resource says.",
        {.default_json = "false"}
    ));
};

template <>
struct Describe<PostgresServerSpec> {
    static constexpr std::string_view kDoc = "Where the server is and who may use it.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "host",
            &PostgresServerSpec::host,
            Presence::Required,
            "DNS name or IP address, for example main.db.example.com; the server's certificate "
            "has to contain it. It is resolved for every connection, and the apps' Pods get the "
            "same value. Or the absolute path of the directory with the server's socket, for "
            "example /var/run/postgresql.",
            {.min_length = 1,
             .max_length = 253,
             .rules =
                 {{{"self.matches('^(/[-A-Za-z0-9._]+)+$') || isIP(self) || "
                    "(self.matches(r'^[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9])?"
                    "(\\.[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9])?)*\\.?$') && "
                    "!self.matches('^[0-9.]+$'))",
                    "must be a DNS name or an IP address alone, for example main.db.example.com, "
                    "or "
                    "the absolute path of a socket's directory: no port (that is spec.port), no "
                    "URL"}}}}
        ),
        field(
            "port",
            &PostgresServerSpec::port,
            Presence::Optional,
            "TCP port that PostgreSQL listens on.",
            {.minimum = 1, .maximum = 65535, .default_json = "5432"}
        ),
        field(
            "maintenanceDatabase",
            &PostgresServerSpec::maintenance_database,
            Presence::Optional,
            "The operator's own database on the server, with the ledger of claims. It is created "
            "if it does not exist.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = kSqlNamePattern,
             .pattern_message = "must hold a-z, 0-9 and _ and start with a letter or _, for "
                                "example djangodb_operator",
             .default_json = "\"djangodb_operator\"",
             .rules =
                 {{{"self == oldSelf", "can't be changed: the ledger of claims lives there"},
                   {"!(self in ['template0', 'template1'])",
                    "can't be a template: every new database would be a copy of it"}}}}
        ),
        field(
            "tls",
            &PostgresServerSpec::tls,
            Presence::Optional,
            Describe<TlsSpec>::kDoc,
            {.rules =
                 {{{"has(self.mode) && self.mode == 'Require' ? !has(self.caSecretRef) && "
                    "!has(self.caConfigMapRef) : has(self.caSecretRef) != has(self.caConfigMapRef)",
                    "needs either caSecretRef or caConfigMapRef; with mode Require neither, "
                    "because nothing is verified (VerifyCA verifies the CA alone)"}}}}
        ),
        field(
            "adminSecretRef",
            &PostgresServerSpec::admin_secret_ref,
            Presence::Required,
            "The administrator's login: a Secret in the operator's namespace with the keys "
            "username and password. It "
            "needs LOGIN CREATEDB CREATEROLE and should not be a superuser."
        ),
        field(
            "allowedNamespaces",
            &PostgresServerSpec::allowed_namespaces,
            Presence::Optional,
            Describe<AllowedNamespaces>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "passwordMode",
            &PostgresServerSpec::password_mode,
            Presence::Optional,
            "What is sent to the server to set a login's password. ScramVerifier: a verifier, "
            "never the password. Plaintext: the password itself, for providers that reject "
            "verifiers, such as Neon; only to a verified server.",
            {.default_json = "\"ScramVerifier\""}
        ),
        field(
            "maxSessions",
            &PostgresServerSpec::max_sessions,
            Presence::Optional,
            "How many sessions the operator may have on the server, idle ones included. None is "
            "idle for more than 60 seconds.",
            {.minimum = 1, .maximum = 64, .default_json = "4"}
        ),
        field(
            "allowedExtensions",
            &PostgresServerSpec::allowed_extensions,
            Presence::Optional,
            "Extensions that the administrator may install in a database that asks for them "
            "although PostgreSQL does not trust them, for example [pg_stat_statements]. Trusted "
            "extensions need no permission.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = "^[a-zA-Z0-9_][-a-zA-Z0-9_]*$",
             .max_items = 64,
             .unique = true}
        ),
        field("grants", &PostgresServerSpec::grants, Presence::Optional, Describe<Grants>::kDoc),
        field(
            "deletion",
            &PostgresServerSpec::deletion,
            Presence::Optional,
            Describe<ServerDeletionSpec>::kDoc,
            {.default_json = "{}"}
        )
    );
};

static_assert(describes_every_member<
              KeyRef,
              SecretRef,
              TlsSpec,
              AllowedNamespaces,
              AdoptGrant,
              TransferGrant,
              Grants,
              ServerDeletionSpec,
              PostgresServerSpec>());

}  // namespace djdb
