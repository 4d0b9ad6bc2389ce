// The field tables of DjangoDatabase that say how a release is tried out and migrated.
#pragma once

#include "crds/describe.hpp"
#include "crds/kinds/django_database.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace djdb {

inline constexpr std::string_view kQuantities =
    "self.all(key, self[key].matches(r'^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$'))";
inline constexpr std::string_view kQuantitiesMessage =
    "a value must be a quantity in quotes, for example memory: \"1Gi\"";

/// How long a Job may take.
inline constexpr Rule kJobDeadline{
    "self.matches('^([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$') && duration(self) >= "
    "duration('10s') && duration(self) <= duration('168h')",
    "must be a duration from 10s to 168h in whole seconds, for example 1h30m"};

template <>
struct Words<PodLabelsPolicy> {
    static constexpr std::array kWords{
        std::pair{PodLabelsPolicy::Identity, std::string_view{"Identity"}},
        std::pair{PodLabelsPolicy::Keep, std::string_view{"Keep"}},
        std::pair{PodLabelsPolicy::None, std::string_view{"None"}},
    };
};

template <>
struct Describe<PodLabelsSpec> {
    static constexpr std::string_view kDoc =
        "Which labels of the Pod template the Pod of a Job keeps. Those that the operator needs it "
        "always has.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "policy",
            &PodLabelsSpec::policy,
            Presence::Optional,
            "Identity (default): all but those by which a labelled Deployment selects its Pods, so "
            "that no Service or PodDisruptionBudget that selects by one of those takes the Job's "
            "Pod "
            "for one of the app's. Keep: all, for a NetworkPolicy that selects by those. None: "
            "none."
        ),
        field(
            "add",
            &PodLabelsSpec::add,
            Presence::Optional,
            "Labels beside them, for example those that a policy requires of each Pod.",
            {.max_length = 63,
             .max_items = 32,
             .rules =
                 {{{"self.all(key, "
                    "key.matches('^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/"
                    ")?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}"
                    "[A-Za-z0-9])?$') && !key.startsWith('djangodb.io/') && "
                    "!key.startsWith('batch.kubernetes.io/') && !(key in ['job-name', "
                    "'controller-uid', 'app.kubernetes.io/managed-by']))",
                    "a key is that of a label, and none that the operator or a Job sets itself"},
                   {"self.all(key, "
                    "self[key].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'))",
                    "a value is that of a label: at most 63 letters, digits, -, _ and ., with a "
                    "letter or digit at both ends"}}}}
        )
    );
};

template <>
struct Describe<ResourcesSpec> {
    static constexpr std::string_view kDoc =
        "Resources of the migration's container in the place of the Pod template's: a migration "
        "may "
        "need more than a Pod of the app, and has to find room beside those.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "requests",
            &ResourcesSpec::requests,
            Presence::Optional,
            "Requests, for example cpu: \"100m\".",
            {.max_length = 32, .max_items = 16, .rules = {{{kQuantities, kQuantitiesMessage}}}}
        ),
        field(
            "limits",
            &ResourcesSpec::limits,
            Presence::Optional,
            "Limits, for example memory: \"1Gi\".",
            {.max_length = 32, .max_items = 16, .rules = {{{kQuantities, kQuantitiesMessage}}}}
        )
    );
};

template <>
struct Describe<MigrationVolume> {
    static constexpr std::string_view kDoc =
        "A folder that the migration's container has beside the Pod template's, for example for "
        "temporary files where the image can't be written.";
    static constexpr std::string_view kListKey = "name";
    static constexpr auto kFields = std::make_tuple(
        field(
            "name",
            &MigrationVolume::name,
            Presence::Required,
            "Name of the volume; one of the Pod template that is called so gives way.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = kLabelNamePattern,
             .pattern_message = "must be the name of a volume: a-z, 0-9 and -, with a letter or "
                                "digit at both ends",
             .rules = {{{"self != 'djangodb-migrate'", "is the operator's own volume"}}}}
        ),
        field(
            "mountPath",
            &MigrationVolume::mount_path,
            Presence::Required,
            "Where it is mounted, for example /tmp.",
            {.min_length = 1,
             .max_length = 512,
             .rules =
                 {{{"self.startsWith('/') && !self.contains(':')",
                    "must be an absolute path without a colon"},
                   {"self != '/djangodb' && !self.startsWith('/djangodb/')",
                    "must not be below /djangodb, where the operator's program is"}}}}
        ),
        field(
            "claimName",
            &MigrationVolume::claim_name,
            Presence::Optional,
            "A PersistentVolumeClaim. Default: an empty folder.",
            {.min_length = 1,
             .max_length = 253,
             .pattern = kObjectNamePattern,
             .pattern_message = kObjectNameMessage}
        ),
        field(
            "sizeLimit",
            &MigrationVolume::size_limit,
            Presence::Optional,
            "Most that an empty folder may hold, for example 1Gi.",
            {.min_length = 1,
             .max_length = 32,
             .pattern = "^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$",
             .pattern_message = "must be a quantity, for example 1Gi"}
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
             .pattern = kLabelNamePattern,
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
        ),
        field(
            "entrypoint",
            &AppSpec::entrypoint,
            Presence::Optional,
            "Stands before the program that a Job runs, for images whose ENTRYPOINT makes "
            "variables "
            "that the settings need, for example [/entrypoint]. It has to end with exec \"$@\" and "
            "must not "
            "migrate: a probe runs behind it with the app's login, before anything is backed by a "
            "lock. "
            "Default: the image's own ENTRYPOINT is left out.",
            {.min_length = 1, .max_length = 512, .max_items = 16}
        ),
        field("podLabels", &AppSpec::pod_labels, Presence::Optional, Describe<PodLabelsSpec>::kDoc),
        field(
            "keepContainers",
            &AppSpec::keep_containers,
            Presence::Optional,
            "Init containers of the Pod template that a Job's Pod has too: those without which the "
            "app's code can't run, for example one that fetches settings. None that migrates. "
            "Native "
            "sidecars (restartPolicy: Always) that do not read the app's Secret go along in any "
            "case; those "
            "that do run the app's code, and only when they are named here. Default: no other "
            "does.",
            {.min_length = 1, .max_length = 63, .max_items = 16, .unique = true}
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
struct Words<PlanPolicy> {
    static constexpr std::array kWords{
        std::pair{PlanPolicy::Allow, std::string_view{"Allow"}},
        std::pair{PlanPolicy::Approve, std::string_view{"Approve"}},
        std::pair{PlanPolicy::Block, std::string_view{"Block"}},
    };
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
            {.min_length = 2, .max_length = 16, .default_json = "\"1h\"", .rules = {{kJobDeadline}}}
        ),
        field(
            "resources",
            &MigrationsSpec::resources,
            Presence::Optional,
            Describe<ResourcesSpec>::kDoc
        ),
        field(
            "volumes",
            &MigrationsSpec::volumes,
            Presence::Optional,
            "Folders that a migration has beside the Pod template's.",
            {.max_items = 16}
        ),
        field(
            "destructive",
            &MigrationsSpec::destructive,
            Presence::Optional,
            "What becomes of a release with migrations that lose data, such as one that drops a "
            "column, SQL that drops or deletes, or an operation that can't be judged; RunPython is "
            "under incompatible alone. Allow: they run. Approve: the release is held until "
            "approvedPlan names its "
            "plan. Block: it is refused. The plan is judged by the pre-flight and stands in the "
            "DjangoRelease.",
            {.default_json = "\"Allow\""}
        ),
        field(
            "incompatible",
            &MigrationsSpec::incompatible,
            Presence::Optional,
            "The same of migrations behind which the release that still runs may fail, such as one "
            "that renames a column, and of those that can't be judged: RunPython, RunSQL and "
            "operations of the app's own.",
            {.default_json = "\"Allow\""}
        ),
        field(
            "approvedPlan",
            &MigrationsSpec::approved_plan,
            Presence::Optional,
            "The digest of the plan that is approved, as the condition PlanApproved and the "
            "DjangoRelease tell it, for example 4fde2fb8321362f4. Another plan asks again.",
            {.min_length = 16,
             .max_length = 16,
             .pattern = "^[0-9a-f]{16}$",
             .pattern_message = "must be the digest of a plan, 16 digits of 0-9 and a-f in quotes"}
        )
    );
};

static_assert(describes_every_member<
              PodLabelsSpec,
              AppSpec,
              ResourcesSpec,
              MigrationVolume,
              MigrationsSpec,
              PreflightSpec,
              CutoverSpec>());

}  // namespace djdb
