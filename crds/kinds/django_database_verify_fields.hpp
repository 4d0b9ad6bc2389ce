// The field tables of spec.verify.
#pragma once

#include "crds/describe.hpp"
#include "crds/kinds/django_database.hpp"
#include "crds/kinds/django_database_release_fields.hpp"

#include <array>
#include <tuple>
#include <utility>

namespace djdb {

template <>
struct Words<VerifyWhen> {
    static constexpr std::array kWords{
        std::pair{VerifyWhen::AfterRollout, std::string_view{"AfterRollout"}},
        std::pair{VerifyWhen::Never, std::string_view{"Never"}},
    };
};

template <>
struct Describe<VerifyHttp> {
    static constexpr std::string_view kDoc =
        "A GET request that the app has to answer with a status from 200 to 299, and for which it "
        "reads and writes its "
        "database. Without it the condition Verified says that no path of the app was proven.";
    static constexpr bool kOmitsEmpty = true;
    static constexpr auto kFields = std::make_tuple(
        field(
            "service",
            &VerifyHttp::service,
            Presence::Optional,
            "The Service of this namespace that the request goes to, for example web.",
            {.min_length = 1,
             .max_length = 63,
             .pattern = kLabelNamePattern,
             .pattern_message = "must be the name of a Service: a-z, 0-9 and -"}
        ),
        field(
            "port",
            &VerifyHttp::port,
            Presence::Optional,
            "The Service's port.",
            {.minimum = 1, .maximum = 65535, .default_json = "80"}
        ),
        field(
            "path",
            &VerifyHttp::path,
            Presence::Optional,
            "Path and query, for example /health/database.",
            {.min_length = 1,
             .max_length = 1024,
             .pattern = R"(^/[!-~]*$)",
             .pattern_message = "must begin with / and have no spaces",
             .default_json = "\"/\""}
        ),
        field(
            "headers",
            &VerifyHttp::headers,
            Presence::Optional,
            "Headers of the request, for example Host, if ALLOWED_HOSTS lacks the Service's name, "
            "or "
            "X-Forwarded-Proto. They are no place for secrets.",
            {.max_length = 1024,
             .max_items = 16,
             .rules =
                 {{{"self.all(key, key.matches('^[A-Za-z0-9-]{1,64}$') && self[key].matches('^[ "
                    "-~]*$'))",
                    "a header has a name of letters, digits and -, and a value on one line, for "
                    "example Host: "
                    "shop.example.org"}}}}
        )
    );
};

template <>
struct Describe<VerifySpec> {
    static constexpr std::string_view kDoc =
        "The proof that a release works, once it has rolled out: a Job with the app's own login "
        "reads all tables of "
        "its models and writes a row, which it rolls back.";
    static constexpr auto kFields = std::make_tuple(
        field(
            "when",
            &VerifySpec::when,
            Presence::Optional,
            "AfterRollout (default): each release. Never: no release, and the condition Verified "
            "says so.",
            {.default_json = "\"AfterRollout\""}
        ),
        field(
            "http",
            &VerifySpec::http,
            Presence::Optional,
            Describe<VerifyHttp>::kDoc,
            {.rules =
                 {{{"has(self.service)",
                    "service has to name the Service of this namespace that the request goes to"}}}}
        ),
        field(
            "command",
            &VerifySpec::command,
            Presence::Optional,
            "A command that the Job runs in the app's image, and that has to end with 0, for "
            "example [\"python\", "
            "\"manage.py\", \"smoke\"].",
            {.max_length = 1024, .max_items = 64}
        ),
        field(
            "soak",
            &VerifySpec::soak,
            Presence::Optional,
            "How long the new Pods have to run without a restart before the release counts as "
            "proven, for example 5m; 0s watches none.",
            {.min_length = 2,
             .max_length = 16,
             .default_json = "\"10s\"",
             .rules =
                 {{{"self.matches('^(1h)?([0-9]{1,2}m)?([0-9]{1,4}s)?$') && "
                    "duration(self) >= "
                    "duration('0s') && duration(self) <= duration('1h')",
                    "must be a duration from 0s to 1h in whole seconds, for example 1m30s"}}}}
        ),
        field(
            "deadline",
            &VerifySpec::deadline,
            Presence::Optional,
            "How long the Job may take in total, for example 10m. The app keeps serving whatever "
            "becomes of it.",
            {.min_length = 2, .max_length = 16, .default_json = "\"5m\"", .rules = {{kJobDeadline}}}
        )
    );
};

static_assert(describes_every_member<VerifyHttp, VerifySpec>());

}  // namespace djdb
