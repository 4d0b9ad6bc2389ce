// The field tables of DjangoDatabase. What `kubectl explain djdb` prints stands here.
#pragma once

#include "crds/kinds/django_database_access_fields.hpp"
#include "crds/kinds/django_database_backup_fields.hpp"
#include "crds/kinds/django_database_release_fields.hpp"
#include "crds/kinds/django_database_status_fields.hpp"
#include "crds/kinds/django_database_verify_fields.hpp"

#include <tuple>

namespace djdb {

template <>
struct Describe<ServerRef> {
    static constexpr std::string_view kDoc =
        "The PostgreSQL server that holds the database. Can't be changed.";
    static constexpr auto kFields = std::make_tuple(field(
        "name",
        &ServerRef::name,
        Presence::Required,
        "Name of a PostgresServer, for example main. The server has to allow this namespace. "
        "kubectl get pgserver lists "
        "them.",
        {.min_length = 1,
         .max_length = 253,
         .pattern = kObjectNamePattern,
         .pattern_message = kObjectNameMessage,
         .rules =
             {{{"self == oldSelf",
                "can't be changed: moving a database to another server is not possible yet"}}}}
    ));
};

template <>
struct Words<Mode> {
    static constexpr std::array kWords{
        std::pair{Mode::Apply, std::string_view{"Apply"}},
        std::pair{Mode::Observe, std::string_view{"Observe"}},
    };
};

template <>
struct Describe<CredentialsSpec> {
    static constexpr std::string_view kDoc =
        "The Secret that the app reads. The operator creates it in this namespace after a "
        "login with it has succeeded.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "secretName",
            &CredentialsSpec::secret_name,
            Presence::Optional,
            "Name of the Secret with DB_NAME, DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, "
            "DB_SSLMODE, DB_SSLROOTCERT, DB_CONN_MAX_AGE and DATABASE_URL, and with ca.crt while "
            "the server's CA has at most 32 KiB. The ConfigMap of this name followed by -ca always "
            "has the CA. Default: the resource's name followed by -database. An existing Secret or "
            "ConfigMap that is not this resource's is never overwritten.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = kObjectNamePattern,
             .pattern_message = kObjectNameMessage}
        ),
        field(
            "keys",
            &CredentialsSpec::keys,
            Presence::Optional,
            "Additional keys of the Secret, for apps that use other variable names. Each value "
            "is a template with {name} {user} {password} {host} {port} {sslmode} {sslrootcert} "
            "{url}, for example APP_DATABASE_HOST: \"{host}\".",
            {.max_length = 1024,
             .max_items = 32,
             .rules =
                 {{{"self.all(key, key.size() <= 253 && key.matches('^[A-Za-z_][A-Za-z0-9_]*$') && "
                    "!(key in "
                    "['DB_NAME', 'DB_USER', 'DB_PASSWORD', 'DB_HOST', 'DB_PORT', 'DB_SSLMODE', "
                    "'DB_SSLROOTCERT', "
                    "'DB_CONN_MAX_AGE', 'DATABASE_URL']))",
                    "a key is the name of an environment variable: letters, digits and _, no digit "
                    "first; DB_NAME and the other standard keys are always there and can't be set"},
                   {"self.all(key, "
                    "self[key].matches(r'^([^{}]|\\{(name|user|password|host|port|sslmode|"
                    "sslrootcert|url)\\})*$'))",
                    "a template may contain {name} {user} {password} {host} {port} {sslmode} "
                    "{sslrootcert} {url} and no other braces"}}}}
        ),
        field(
            "caPath",
            &CredentialsSpec::ca_path,
            Presence::Optional,
            "Where the app's Pods mount ca.crt of the ConfigMap that is named as the Secret, "
            "followed by -ca; the app gets it as DB_SSLROOTCERT.",
            {.min_length = 2,
             .max_length = 512,
             .pattern = R"(^/[^\s]+$)",
             .pattern_message =
                 "must be an absolute path without spaces, for example /etc/djangodb/ca.crt",
             .default_json = "\"/etc/djangodb/ca.crt\""}
        )
    );
};

template <>
struct Describe<DjangoDatabaseSpec> {
    static constexpr std::string_view kDoc = "What the app needs.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "serverRef",
            &DjangoDatabaseSpec::server_ref,
            Presence::Required,
            Describe<ServerRef>::kDoc
        ),
        field(
            "database",
            &DjangoDatabaseSpec::database,
            Presence::Required,
            Describe<DatabaseSpec>::kDoc
        ),
        field(
            "access",
            &DjangoDatabaseSpec::access,
            Presence::Optional,
            Describe<AccessSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "credentials",
            &DjangoDatabaseSpec::credentials,
            Presence::Optional,
            Describe<CredentialsSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "app",
            &DjangoDatabaseSpec::app,
            Presence::Optional,
            Describe<AppSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "preflight",
            &DjangoDatabaseSpec::preflight,
            Presence::Optional,
            Describe<PreflightSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "cutover",
            &DjangoDatabaseSpec::cutover,
            Presence::Optional,
            Describe<CutoverSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "backup",
            &DjangoDatabaseSpec::backup,
            Presence::Optional,
            Describe<BackupSpec>::kDoc,
            {.default_json = "{}",
             .rules =
                 {{{"!has(self.when) || self.when == 'Never' || has(self.claimName)",
                    "claimName has to name a PersistentVolumeClaim of this namespace, on which the "
                    "dumps are kept"}}}}
        ),
        field(
            "migrations",
            &DjangoDatabaseSpec::migrations,
            Presence::Optional,
            Describe<MigrationsSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "verify",
            &DjangoDatabaseSpec::verify,
            Presence::Optional,
            Describe<VerifySpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "mode",
            &DjangoDatabaseSpec::mode,
            Presence::Optional,
            "Apply: differences are repaired. Observe: everything is checked and reported, "
            "nothing is changed, and no release proceeds.",
            {.default_json = "\"Apply\""}
        ),
        field(
            "deletion",
            &DjangoDatabaseSpec::deletion,
            Presence::Optional,
            Describe<DeletionSpec>::kDoc,
            {.default_json = "{}"}
        ),
        field(
            "releaseHistoryLimit",
            &DjangoDatabaseSpec::release_history_limit,
            Presence::Optional,
            "How many DjangoReleases of it stay. The current one and the last one that succeeded "
            "do "
            "in any case.",
            {.minimum = 1, .maximum = 100, .default_json = "10"}
        )
    );
};

static_assert(describes_every_member<ServerRef, CredentialsSpec, DjangoDatabaseSpec>());

}  // namespace djdb
