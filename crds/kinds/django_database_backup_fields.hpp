// The field table of spec.backup.
#pragma once

#include "crds/describe.hpp"
#include "crds/kinds/django_database.hpp"
#include "crds/kinds/django_database_release_fields.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace djdb {

template <>
struct Words<BackupWhen> {
    static constexpr std::array kWords{
        std::pair{BackupWhen::Never, std::string_view{"Never"}},
        std::pair{BackupWhen::BeforeMigrate, std::string_view{"BeforeMigrate"}},
        std::pair{BackupWhen::Always, std::string_view{"Always"}},
    };
};

template <>
struct Describe<BackupSpec> {
    static constexpr std::string_view kDoc =
        "A backup before a release changes the database: nothing is migrated until a dump was kept "
        "and read back whole.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "when",
            &BackupSpec::when,
            Presence::Optional,
            "BeforeMigrate: before a release with pending migrations. Always: before each release. "
            "Never (default): the operator makes none, and the condition BackupFresh says so.",
            {.default_json = "\"Never\""}
        ),
        field(
            "claimName",
            &BackupSpec::claim_name,
            Presence::Optional,
            "The PersistentVolumeClaim of this namespace that the dumps are kept on, for example "
            "shop-backups. Several resources may share one.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = kObjectNamePattern,
             .pattern_message = kObjectNameMessage}
        ),
        field(
            "image",
            &BackupSpec::image,
            Presence::Optional,
            "An image with pg_dump and pg_restore that are no older than the server. Default: "
            "postgres:MAJOR, such as postgres:17 for a server of version 17.",
            {.min_length = 1,
             .max_length = 512,
             .pattern = R"(^[^\s]+$)",
             .pattern_message = "must be an image, for example postgres:17"}
        ),
        field(
            "keep",
            &BackupSpec::keep,
            Presence::Optional,
            "How many dumps of this resource stay on the claim. The newest one always does.",
            {.minimum = 1, .maximum = 1000, .default_json = "7"}
        ),
        field(
            "maxAge",
            &BackupSpec::max_age,
            Presence::Optional,
            "How old a backup may be when a migration begins, for example 1h. It has to be made "
            "after the last release passed in any case.",
            {.min_length = 2,
             .max_length = 16,
             .default_json = "\"1h\"",
             .rules =
                 {{{"self.matches('^([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$') && "
                    "duration(self) >= "
                    "duration('1m') && duration(self) <= duration('168h')",
                    "must be a duration from 1m to 168h in whole seconds, for example 1h30m"}}}}
        ),
        field(
            "deadline",
            &BackupSpec::deadline,
            Presence::Optional,
            "How long a backup Job may take in total, for example 3h. Then it is stopped, and "
            "nothing is migrated.",
            {.min_length = 2, .max_length = 16, .default_json = "\"1h\"", .rules = {{kJobDeadline}}}
        ),
        field(
            "resources",
            &BackupSpec::resources,
            Presence::Optional,
            "Resources of each container of a backup Job. Default: none."
        )
    );
};

static_assert(describes_every_member<BackupSpec>());

}  // namespace djdb
