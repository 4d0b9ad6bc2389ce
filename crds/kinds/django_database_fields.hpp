// The field tables of DjangoDatabase. What `kubectl explain djdb` prints stands here.
#pragma once

#include "crds/kinds/django_database_access_fields.hpp"
#include "crds/kinds/django_database_status_fields.hpp"

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
struct Describe<AppSpec> {
    static constexpr std::string_view kDoc =
        "How the app's image is started for a migration. The image itself is not named here: "
        "it is taken from the Deployments of this namespace that carry the label "
        "djangodb.io/database with this resource's name. Apps with a manage.py in the "
        "image's working directory can leave this out.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "container",
            &AppSpec::container,
            Presence::Optional,
            "The container of the Pod template that runs the app, for example web. Default: the "
            "first one.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
             .pattern_message = "must be the name of a container: a-z, 0-9 and -, with a letter or "
                                "digit at both ends"}
        ),
        field(
            "manage",
            &AppSpec::manage,
            Presence::Optional,
            "The app's own management command without a subcommand: a file such as [src/manage.py] "
            "or a "
            "console script such as [shop-admin]. It runs in the image's working directory with "
            "all that it sets up, "
            "under the interpreter that its first line names. Of options that reach Django, "
            "--settings and --pythonpath are obeyed; others are refused when it runs. Default: "
            "manage.py.",
            {.min_length = 1,
             .max_length = 512,
             .max_items = 16,
             .rules =
                 {{{"self.size() == 0 || !self[0].matches('(^|/)python[0-9.]*$')",
                    "must begin with the file or console script itself, for example "
                    "[src/manage.py]: the "
                    "interpreter is found by its first line"}}}}
        ),
        field(
            "settingsModule",
            &AppSpec::settings_module,
            Presence::Optional,
            "DJANGO_SETTINGS_MODULE of the migration, for example shop.settings.production. "
            "Default: what the Pod "
            "template or the management command sets.",
            {.min_length = 1,
             .max_length = 255,
             .pattern = R"(^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$)",
             .pattern_message =
                 "must be a dotted Python path, for example shop.settings.production"}
        )
    );
};

template <>
struct Words<PreflightWhen> {
    static constexpr std::array kWords{
        std::pair{PreflightWhen::Always, std::string_view{"Always"}},
        std::pair{PreflightWhen::Never, std::string_view{"Never"}},
    };
};
template <>
struct Words<FailLevel> {
    static constexpr std::array kWords{
        std::pair{FailLevel::Never, std::string_view{"Never"}},
        std::pair{FailLevel::Error, std::string_view{"Error"}},
        std::pair{FailLevel::Warning, std::string_view{"Warning"}},
    };
};

template <>
struct Describe<PreflightSpec> {
    static constexpr std::string_view kDoc =
        "How a new Pod template is tried out, with the app's own login and environment, before its "
        "image migrates.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "when",
            &PreflightSpec::when,
            Presence::Optional,
            "Always: a Job in the new Pod template shows that the app starts, finds its database, "
            "and reads and writes it; nothing is migrated before. Never: the migration is the "
            "first to find out.",
            {.default_json = "\"Always\""}
        ),
        field(
            "failLevel",
            &PreflightSpec::fail_level,
            Presence::Optional,
            "From which level on a finding of Django's check --deploy holds the release: Error or "
            "Warning. Never: findings are told in the condition PreflightPassed.",
            {.default_json = "\"Never\""}
        )
    );
};

template <>
struct Describe<CutoverSpec> {
    static constexpr std::string_view kDoc =
        "How an app that ran with another database comes to this one.";
    static constexpr auto kFields = std::make_tuple(field(
        "startEmpty",
        &CutoverSpec::start_empty,
        Presence::Optional,
        "The name of the database, for example shop: the app begins with it empty, and what it "
        "had elsewhere stays there. Without it nothing rolls as long as a Deployment ran before "
        "with a Pod template that does not name the app's Secret, and the database is empty.",
        {.min_length = 1, .max_length = 55}
    ));
};

template <>
struct Describe<MigrationsSpec> {
    static constexpr std::string_view kDoc =
        "Limits of a migration. Every new image migrates once, in a Job, before any Pod of it "
        "starts.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "lockTimeout",
            &MigrationsSpec::lock_timeout,
            Presence::Optional,
            "How long one statement may wait for a lock before it gives up and is tried again, "
            "for example 5s. A waiting ALTER TABLE blocks every reader behind it, so keep it "
            "short.",
            {.min_length = 2,
             .max_length = 16,
             .default_json = "\"5s\"",
             .rules =
                 {{{"self.matches('^([0-9]{1,2}h)?([0-9]{1,3}m)?([0-9]{1,5}s)?$') && "
                    "duration(self) >= "
                    "duration('1s') && duration(self) <= duration('1h')",
                    "must be a duration from 1s to 1h in whole seconds, for example 5s"}}}}
        ),
        field(
            "deadline",
            &MigrationsSpec::deadline,
            Presence::Optional,
            "How long a migration Job may take in total, for example 1h30m. Then the Job is "
            "stopped, the old Pods go on serving and the migration counts as failed.",
            {.min_length = 2,
             .max_length = 16,
             .default_json = "\"1h\"",
             .rules =
                 {{{"self.matches('^([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$') && "
                    "duration(self) >= "
                    "duration('10s') && duration(self) <= duration('168h')",
                    "must be a duration from 10s to 168h in whole seconds, for example 1h30m"}}}}
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
            "migrations",
            &DjangoDatabaseSpec::migrations,
            Presence::Optional,
            Describe<MigrationsSpec>::kDoc,
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

static_assert(describes_every_member<
              ServerRef,
              CredentialsSpec,
              AppSpec,
              PreflightSpec,
              CutoverSpec,
              MigrationsSpec,
              DjangoDatabaseSpec>());

}  // namespace djdb
