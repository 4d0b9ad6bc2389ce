// The field tables of DjangoDatabase that say what is in the database and who may do what with it.
#pragma once

#include "crds/describe.hpp"
#include "crds/kinds/django_database.hpp"

#include <tuple>

namespace djdb {

template <>
struct Describe<DatabaseSpec> {
    static constexpr std::string_view kDoc = "The app's database.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &DatabaseSpec::name,
            Presence::Required,
            "Name of the database on the server, for example shop. Its roles are named after it: "
            "shop_owner, shop_a, "
            "shop_b, shop_migrate. Can't be changed.",
            {.min_length = 1,
             .max_length = 55,
             .pattern = kSqlNamePattern,
             .pattern_message =
                 "must hold a-z, 0-9 and _ and start with a letter or _, for example "
                 "shop, so that it never "
                 "needs quotes in SQL",
             .rules =
                 {{{"self == oldSelf", "can't be changed: a database is never renamed"},
                   {"!(self in ['postgres', 'template0', 'template1', 'djangodb_operator', "
                    "'rdsadmin']) && "
                    "!self.startsWith('pg_')",
                    "is reserved: postgres, template0, template1, djangodb_operator, rdsadmin and "
                    "names that begin "
                    "with pg_ belong to PostgreSQL or to the operator"}}}}
        ),
        field(
            "schemas",
            &DatabaseSpec::schemas,
            Presence::Optional,
            "Schemas besides public, for example [reports]. They are created, owned and granted "
            "like public, and never dropped.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = kSqlNamePattern,
             .max_items = 32,
             .unique = true,
             .rules =
                 {{{"!self.exists(s, s.startsWith('pg_') || s in ['public', 'information_schema', "
                    "'djangodb'])",
                    "may not hold public, information_schema, djangodb or names that begin with "
                    "pg_"}}}}
        ),
        field(
            "extensions",
            &DatabaseSpec::extensions,
            Presence::Optional,
            "Extensions, for example [citext]. Trusted ones are installed as the owner; others by "
            "the administrator if the server's allowedExtensions has them. None is dropped.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = "^[a-zA-Z0-9_][-a-zA-Z0-9_]*$",
             .max_items = 32,
             .unique = true}
        ),
        field(
            "connectionLimit",
            &DatabaseSpec::connection_limit,
            Presence::Optional,
            "How many sessions all logins together may have. Default: only the server's own "
            "limit.",
            {.minimum = 1, .maximum = 262143}
        ),
        field(
            "timeZone",
            &DatabaseSpec::time_zone,
            Presence::Optional,
            "Time zone in which the logins' sessions start. If it is the one that the app's "
            "connections use, Django need not set it in each session.",
            {.min_length = 1,
             .max_length = 64,
             .pattern = "^[A-Za-z0-9_+/-]+$",
             .pattern_message = "must be the name of a time zone, for example Europe/Berlin",
             .default_json = "\"UTC\""}
        )
    );
};

template <>
struct Words<Ownership> {
    static constexpr std::array kWords{
        std::pair{Ownership::Schema, std::string_view{"Schema"}},
        std::pair{Ownership::Database, std::string_view{"Database"}},
    };
};

template <>
struct Words<RuntimeAccess> {
    static constexpr std::array kWords{
        std::pair{RuntimeAccess::Owner, std::string_view{"Owner"}},
        std::pair{RuntimeAccess::ReadWrite, std::string_view{"ReadWrite"}},
    };
};

template <>
struct Words<DeletionPolicy> {
    static constexpr std::array kWords{
        std::pair{DeletionPolicy::Retain, std::string_view{"Retain"}},
        std::pair{DeletionPolicy::Delete, std::string_view{"Delete"}},
    };
};

template <>
struct Describe<ReaderSpec> {
    static constexpr std::string_view kDoc = "A login that may only read.";
    static constexpr std::string_view kListKey = "name";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &ReaderSpec::name,
            Presence::Required,
            "Its name. For the database shop, reports becomes the login shop_ro_reports.",
            {.min_length = 1,
             .max_length = 32,
             .pattern = kSqlNamePattern,
             .pattern_message = "must hold a-z, 0-9 and _ and start with a letter or _"}
        ),
        field(
            "secretName",
            &ReaderSpec::secret_name,
            Presence::Optional,
            "Name of the Secret with its DB_* keys. Default: the resource's name, a - and the "
            "reader's name with each _ replaced by -.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = kObjectNamePattern,
             .pattern_message = kObjectNameMessage}
        )
    );
};

template <>
struct Describe<AccessSpec> {
    static constexpr std::string_view kDoc =
        "Which login may do what; docs/access.md has the picture.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "ownership",
            &AccessSpec::ownership,
            Presence::Optional,
            "Schema: the owner role owns the schemas, the administrator the database, so that no "
            "login of the app can drop it. Database: the owner role owns the database as well.",
            {.default_json = "\"Schema\""}
        ),
        field(
            "runtime",
            &AccessSpec::runtime,
            Presence::Optional,
            "Owner: the app's login may do everything in its schemas. ReadWrite: it reads and "
            "writes rows, and only migrations change the schema.",
            {.default_json = "\"Owner\""}
        ),
        field(
            "readers",
            &AccessSpec::readers,
            Presence::Optional,
            "Read-only logins, each with a Secret of its own.",
            {.max_items = 16}
        )
    );
};

template <>
struct Describe<DeletionSpec> {
    static constexpr std::string_view kDoc =
        "What happens to the database when this resource is deleted.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "policy",
            &DeletionSpec::policy,
            Presence::Optional,
            "Retain: the logins are dropped; the database, its owner role and the claim stay, "
            "and a resource of the same namespace and name gets them back. Delete: the database "
            "is dropped, if the server's deletion.allowDrop is true.",
            {.default_json = "\"Retain\""}
        ),
        field(
            "protected",
            &DeletionSpec::is_protected,
            Presence::Optional,
            "If true, the database is kept whatever the policy says.",
            {.default_json = "false"}
        )
    );
};

static_assert(describes_every_member<DatabaseSpec, ReaderSpec, AccessSpec, DeletionSpec>());

}  // namespace djdb
