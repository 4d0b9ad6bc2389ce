// The field tables of all kinds. What `kubectl explain` prints stands here.
#pragma once

#include "crds/describe.hpp"
#include "crds/django_database.hpp"
#include "crds/django_release.hpp"
#include "crds/postgres_server.hpp"

#include <tuple>

namespace djdb {

inline constexpr std::string_view kDnsName = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

template <>
struct Describe<ServerRef> {
    static constexpr std::string_view kDoc = "The PostgreSQL server that holds the database. Can't be changed.";
    static constexpr auto kFields = std::make_tuple(field(
        "name", &ServerRef::name, Presence::Required,
        "Name of a PostgresServer. It has to allow this namespace.",
        {.min_length = 1, .max_length = 253, .pattern = kDnsName, .rule = "self == oldSelf",
         .rule_message = "serverRef.name can't be changed: moving a database is not possible yet"}
    ));
};

template <>
struct Describe<DatabaseSpec> {
    static constexpr std::string_view kDoc = "The app's database.";
    static constexpr auto kFields = std::make_tuple(field(
        "name", &DatabaseSpec::name, Presence::Required,
        "Name of the database on the server, for example shop. Its roles are named after it: shop_owner, shop_a, "
        "shop_b, shop_migrate. Can't be changed.",
        {.min_length = 1, .max_length = 55, .pattern = "^[a-z_][a-z0-9_]*$", .rule = "self == oldSelf",
         .rule_message = "database.name can't be changed: a database is never renamed",
         .second_rule = "!(self in ['postgres', 'template0', 'template1', 'djangodb_operator', 'rdsadmin']) && "
                        "!self.startsWith('pg_')",
         .second_rule_message = "database.name is reserved by PostgreSQL or by the operator"}
    ));
};

template <>
struct Describe<CredentialsSpec> {
    static constexpr std::string_view kDoc = "The Secret that the app reads.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "secretName", &CredentialsSpec::secret_name, Presence::Optional,
            "Name of the Secret with DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_SSLMODE, DB_SSLROOTCERT, "
            "DB_CONN_MAX_AGE, DATABASE_URL and ca.crt. Default: the resource's name with -database behind it. A Secret "
            "that exists and is not this resource's is never overwritten.",
            {.max_length = 253, .pattern = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"}
        ),
        field(
            "keys", &CredentialsSpec::keys, Presence::Optional,
            "More keys of the Secret, each a template over {name} {user} {password} {host} {port} {sslmode} "
            "{sslrootcert} {url}, for example APP_DATABASE_HOST: \"{host}\".",
            {.max_length = 1024, .max_items = 32,
             .rule = "self.all(key, key.matches('^[A-Za-z_][A-Za-z0-9_.-]*$'))",
             .rule_message = "keys: a key starts with a letter or _ and holds letters, digits, _ . and -"}
        ),
        field(
            "caPath", &CredentialsSpec::ca_path, Presence::Optional,
            "Where the app's Pods mount the Secret's ca.crt; the app gets it as DB_SSLROOTCERT.",
            {.min_length = 1, .max_length = 512, .pattern = "^/[^\\s]*$",
             .default_json = "\"/etc/djangodb/ca.crt\""}
        )
    );
};

template <>
struct Describe<AppSpec> {
    static constexpr std::string_view kDoc =
        "How the app's image is started for a migration. Workloads are the Deployments of this namespace with the "
        "label djangodb.io/database: NAME; their images are what is released.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "container", &AppSpec::container, Presence::Optional,
            "The container that runs the app. Default: the Pod template's first.",
            {.max_length = 63, .pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"}
        ),
        field(
            "manage", &AppSpec::manage, Presence::Optional,
            "The app's own management command, for example [manage.py] or [shop-admin]; it runs in the image's working "
            "directory with all its set-up. Default: manage.py.",
            {.max_length = 512, .max_items = 16}
        ),
        field(
            "settingsModule", &AppSpec::settings_module, Presence::Optional,
            "DJANGO_SETTINGS_MODULE of the migration. Default: what the Pod template or the command sets.",
            {.max_length = 255, .pattern = "^([A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*)?$"}
        )
    );
};

template <>
struct Describe<MigrationsSpec> {
    static constexpr std::string_view kDoc = "Limits of a migration.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "lockTimeout", &MigrationsSpec::lock_timeout, Presence::Optional,
            "How long one statement may wait for a lock before it gives way and is tried again, for example 5s. A "
            "waiting ALTER TABLE blocks every reader behind it, so keep it short.",
            {.max_length = 16, .pattern = "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", .default_json = "\"5s\""}
        ),
        field(
            "deadline", &MigrationsSpec::deadline, Presence::Optional,
            "How long a migration Job may take in all, for example 1h.",
            {.max_length = 16, .pattern = "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", .default_json = "\"1h\""}
        )
    );
};

template <>
struct Describe<DjangoDatabaseSpec> {
    static constexpr std::string_view kDoc = "What the app needs.";
    static constexpr auto kFields = std::make_tuple(
        field("serverRef", &DjangoDatabaseSpec::server_ref, Presence::Required, Describe<ServerRef>::kDoc),
        field("database", &DjangoDatabaseSpec::database, Presence::Required, Describe<DatabaseSpec>::kDoc),
        field(
            "credentials", &DjangoDatabaseSpec::credentials, Presence::Optional, Describe<CredentialsSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "app", &DjangoDatabaseSpec::app, Presence::Optional, Describe<AppSpec>::kDoc, {.default_json = "{}"}
        ),
        field(
            "migrations", &DjangoDatabaseSpec::migrations, Presence::Optional, Describe<MigrationsSpec>::kDoc,
            {.default_json = "{}"}
        )
    );
};

template <>
struct Describe<Condition> {
    static constexpr std::string_view kDoc = "One thing that holds, does not hold, or is not known yet.";
    static constexpr auto kFields = std::make_tuple(
        field("type", &Condition::type, Presence::Required, "What it is about."),
        field("status", &Condition::status, Presence::Required, "True, False or Unknown."),
        field("reason", &Condition::reason, Presence::Required, "One word for programs; see the table in the README."),
        field(
            "message", &Condition::message, Presence::Required, "What happened, what was left untouched, what to do.",
            {.max_length = 4096}
        ),
        field(
            "observedGeneration", &Condition::observed_generation, Presence::Required,
            "The metadata.generation that this was said of."
        ),
        field(
            "lastTransitionTime", &Condition::last_transition, Presence::Required, "When the status last changed."
        )
    );
};

template <>
struct Describe<WorkloadStatus> {
    static constexpr std::string_view kDoc = "A labelled Deployment as last seen.";
    static constexpr auto kFields = std::make_tuple(
        field("name", &WorkloadStatus::name, Presence::Required, "Name of the Deployment."),
        field("image", &WorkloadStatus::image, Presence::Optional, "The image that its Pod template asks for."),
        field("state", &WorkloadStatus::state, Presence::Optional, "Held, PausedByUser, RollingOut or RolledOut.")
    );
};

template <>
struct Describe<ReleaseStatus> {
    static constexpr std::string_view kDoc = "Which image serves and which one is next.";
    static constexpr auto kFields = std::make_tuple(
        field("current", &ReleaseStatus::current, Presence::Optional, "The image that serves and is migrated."),
        field("target", &ReleaseStatus::target, Presence::Optional, "The image that is to be released."),
        field("job", &ReleaseStatus::job, Presence::Optional, "The migration Job of the newest template.")
    );
};

template <>
struct Describe<DjangoDatabaseStatus> {
    static constexpr std::string_view kDoc = "What the operator found and did.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "observedGeneration", &DjangoDatabaseStatus::observed_generation, Presence::Optional,
            "The metadata.generation that this status is about; -1 before the first look."
        ),
        field("phase", &DjangoDatabaseStatus::phase, Presence::Optional, "A summary for people. Programs read Ready."),
        field("secretName", &DjangoDatabaseStatus::secret_name, Presence::Optional, "The Secret that the app reads."),
        field("release", &DjangoDatabaseStatus::release, Presence::Optional, Describe<ReleaseStatus>::kDoc),
        field(
            "workloads", &DjangoDatabaseStatus::workloads, Presence::Optional, "The labelled Deployments.",
            {.max_items = 256}
        ),
        field(
            "conditions", &DjangoDatabaseStatus::conditions, Presence::Optional, "One condition for each stage.",
            {.max_items = 32}
        )
    );
};

template <>
struct Describe<SecretKeyRef> {
    static constexpr std::string_view kDoc = "A key of a Secret in the operator's namespace.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name", &SecretKeyRef::name, Presence::Required, "Name of the Secret.",
            {.min_length = 1, .max_length = 253, .pattern = kDnsName}
        ),
        field(
            "key", &SecretKeyRef::key, Presence::Optional, "Key that holds the certificates in PEM form.",
            {.min_length = 1, .max_length = 253, .pattern = "^[-._a-zA-Z0-9]+$", .default_json = "\"ca.crt\""}
        )
    );
};

template <>
struct Describe<SecretRef> {
    static constexpr std::string_view kDoc = "A Secret in the operator's namespace.";
    static constexpr auto kFields = std::make_tuple(field(
        "name", &SecretRef::name, Presence::Required, "Name of the Secret.",
        {.min_length = 1, .max_length = 253, .pattern = kDnsName}
    ));
};

template <>
struct Describe<TlsSpec> {
    static constexpr std::string_view kDoc = "How the server is verified. Connections without TLS are never made.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "mode", &TlsSpec::mode, Presence::Optional,
            "VerifyFull: the certificate must come from the CA and carry the host's name.",
            {.default_json = "\"VerifyFull\""}
        ),
        field(
            "caSecretRef", &TlsSpec::ca_secret_ref, Presence::Required,
            "The CA that signed the server's certificate, from a Secret in the operator's namespace."
        )
    );
};

template <>
struct Describe<AllowedNamespaces> {
    static constexpr std::string_view kDoc = "Which namespaces may use the server. Empty: none.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "names", &AllowedNamespaces::names, Presence::Optional, "Namespaces by name.",
            {.max_length = 63, .max_items = 256}
        ),
        field(
            "matchLabels", &AllowedNamespaces::match_labels, Presence::Optional, "Namespaces with all of these labels.",
            {.max_length = 63, .max_items = 16}
        )
    );
};

template <>
struct Describe<PostgresServerSpec> {
    static constexpr std::string_view kDoc = "Where the server is and who may use it.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "host", &PostgresServerSpec::host, Presence::Required,
            "DNS name or address, resolved at every connect; the app's Pods get the same.",
            {.min_length = 1, .max_length = 253, .pattern = "^[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?$"}
        ),
        field(
            "port", &PostgresServerSpec::port, Presence::Optional, "TCP port that PostgreSQL listens on.",
            {.minimum = 1, .maximum = 65535, .default_json = "5432"}
        ),
        field(
            "maintenanceDatabase", &PostgresServerSpec::maintenance_database, Presence::Optional,
            "The operator's own database on the server, with the ledger of claims. It is made when absent.",
            {.min_length = 1, .max_length = 63, .pattern = "^[a-z_][a-z0-9_]*$",
             .default_json = "\"djangodb_operator\"", .rule = "self == oldSelf",
             .rule_message = "maintenanceDatabase can't be changed: the ledger of claims lives there"}
        ),
        field("tls", &PostgresServerSpec::tls, Presence::Required, Describe<TlsSpec>::kDoc),
        field(
            "adminSecretRef", &PostgresServerSpec::admin_secret_ref, Presence::Required,
            "The administrator's login, in the operator's namespace, with the keys username and password. It needs "
            "LOGIN CREATEDB CREATEROLE and should not be a superuser."
        ),
        field(
            "allowedNamespaces", &PostgresServerSpec::allowed_namespaces, Presence::Optional,
            Describe<AllowedNamespaces>::kDoc, {.default_json = "{}"}
        )
    );
};

template <>
struct Describe<PostgresServerStatus> {
    static constexpr std::string_view kDoc = "What the operator found.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "observedGeneration", &PostgresServerStatus::observed_generation, Presence::Optional,
            "The metadata.generation that this status is about; -1 before the first look."
        ),
        field("version", &PostgresServerStatus::version, Presence::Optional, "The server's version."),
        field(
            "conditions", &PostgresServerStatus::conditions, Presence::Optional, "Ready: the administrator can log in.",
            {.max_items = 32}
        )
    );
};

template <>
struct Describe<DatabaseRef> {
    static constexpr std::string_view kDoc = "A DjangoDatabase of the same namespace.";
    static constexpr auto kFields = std::make_tuple(field(
        "name", &DatabaseRef::name, Presence::Required, "Name of the DjangoDatabase.",
        {.min_length = 1, .max_length = 253, .pattern = kDnsName}
    ));
};

template <>
struct Describe<DjangoReleaseSpec> {
    static constexpr std::string_view kDoc = "What was released where.";
    static constexpr auto kFields = std::make_tuple(
        field("databaseRef", &DjangoReleaseSpec::database_ref, Presence::Required, Describe<DatabaseRef>::kDoc),
        field(
            "image", &DjangoReleaseSpec::image, Presence::Required, "The app image.",
            {.min_length = 1, .max_length = 1024}
        ),
        field(
            "revision", &DjangoReleaseSpec::revision, Presence::Required, "Hash of image and Pod template.",
            {.min_length = 1, .max_length = 63}
        )
    );
};

template <>
struct Describe<DjangoReleaseStatus> {
    static constexpr std::string_view kDoc = "How the release went.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "observedGeneration", &DjangoReleaseStatus::observed_generation, Presence::Optional,
            "The metadata.generation that this status is about; -1 before the first look."
        ),
        field(
            "applied", &DjangoReleaseStatus::applied, Presence::Optional,
            "Migrations that this release applied, as app.name.", {.max_length = 255, .max_items = 1000}
        ),
        field(
            "conditions", &DjangoReleaseStatus::conditions, Presence::Optional, "Conditions of the release.",
            {.max_items = 32}
        )
    );
};

static_assert(describes_every_member<CredentialsSpec>() && describes_every_member<AppSpec>());
static_assert(describes_every_member<MigrationsSpec>() && describes_every_member<DjangoDatabaseSpec>());
static_assert(describes_every_member<DjangoDatabaseStatus>() && describes_every_member<PostgresServerSpec>());
static_assert(describes_every_member<Condition>() && describes_every_member<PostgresServerStatus>());

}  // namespace djdb
