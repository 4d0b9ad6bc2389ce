// The field tables of PostgresServer. What `kubectl explain pgserver` prints stands here.
#pragma once

#include "crds/condition_fields.hpp"
#include "crds/postgres_server.hpp"

#include <tuple>

namespace djdb {

template <>
struct Describe<SecretKeyRef> {
    static constexpr std::string_view kDoc = "A key of a Secret in the operator's namespace.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &SecretKeyRef::name,
            Presence::Required,
            "Name of the Secret, for example main-ca.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = kObjectNamePattern,
             .pattern_message = kObjectNameMessage}
        ),
        field(
            "key",
            &SecretKeyRef::key,
            Presence::Optional,
            "Key that holds the certificates in PEM form.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = "^[-._a-zA-Z0-9]+$",
             .pattern_message = "must be a key of a Secret: letters, digits, -, _ and .",
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
        "How the server is verified. Connections without TLS are never made.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "mode",
            &TlsSpec::mode,
            Presence::Optional,
            "VerifyFull: the certificate must come from the CA and carry the host's name.",
            {.default_json = "\"VerifyFull\""}
        ),
        field(
            "caSecretRef",
            &TlsSpec::ca_secret_ref,
            Presence::Required,
            "The CA that signed the server's certificate, from a Secret in the operator's "
            "namespace. Apps get it as "
            "ca.crt in their own Secret."
        )
    );
};

template <>
struct Describe<AllowedNamespaces> {
    static constexpr std::string_view kDoc =
        "Which namespaces may use the server: those that are named and those with "
        "the labels. Both empty: none.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "names",
            &AllowedNamespaces::names,
            Presence::Optional,
            "Namespaces by name, for example [shop, blog].",
            {.min_length = 1,
             .max_length = 63,
             .pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
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
struct Describe<PostgresServerSpec> {
    static constexpr std::string_view kDoc = "Where the server is and who may use it.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "host",
            &PostgresServerSpec::host,
            Presence::Required,
            "DNS name or IP address, for example main.db.example.com; the server's certificate has "
            "to carry it. It is "
            "resolved at every connect, and the apps' Pods get the same.",
            {.min_length = 1,
             .max_length = 253,
             .rules =
                 {{{"isIP(self) || (self.matches(r'^[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9])?"
                    "(\\.[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9])?)*\\.?$') && "
                    "!self.matches('^[0-9.]+$'))",
                    "must be a DNS name or an IP address alone, for example main.db.example.com: "
                    "no port (that is "
                    "spec.port), no URL, no path of a socket"}}}}
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
            "The operator's own database on the server, with the ledger of claims. It is made when "
            "absent.",
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
        field("tls", &PostgresServerSpec::tls, Presence::Required, Describe<TlsSpec>::kDoc),
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
            "The metadata.generation that this status is about; -1 before the first look."
        ),
        field(
            "version",
            &PostgresServerStatus::version,
            Presence::Optional,
            "The server's version as it says it, for example 15.18.",
            {.max_length = 128}
        ),
        field(
            "conditions",
            &PostgresServerStatus::conditions,
            Presence::Optional,
            "Ready: the administrator can log in.",
            {.max_items = 32}
        )
    );
};

static_assert(describes_every_member<
              SecretKeyRef,
              SecretRef,
              TlsSpec,
              AllowedNamespaces,
              PostgresServerSpec,
              PostgresServerStatus>());

}  // namespace djdb
