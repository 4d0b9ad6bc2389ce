#include "reconcilers/stages/release/proof.hpp"

#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/ports/content_name.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

#include <algorithm>
#include <tuple>

namespace djdb {
namespace {

/// As it is known: from this run's look, else from the last one that was due.
std::optional<std::string> applied_now(const Observed& observed) {
    const auto& [applied, last] = std::tie(observed.release.applied, observed.inspection.applied);
    return applied ? std::optional(name_of(*applied)) : last;
}

std::string quoted(const Published& config) {
    const auto* kind = config.kind == PublishedKind::Secret ? "Secret" : "ConfigMap";
    return std::string(kind) + " \"" + config.name.str() + "\"";
}

/// On one line, like all that goes to PostgreSQL. A version of what is not there is "".
std::string with_version(const Published& config, const Observed& observed) {
    const auto found = observed.release.configs.find(config);
    return quoted(config) + " " + (found == observed.release.configs.end() ? "" : found->second) +
           ";";
}

}  // namespace

std::string name_of(const AppliedMigrations& applied) {
    auto names = applied.names;
    std::ranges::sort(names);
    std::string text = applied.table_exists ? "" : "no table";
    for (const auto& name : names) {
        text += name + "\n";
    }
    return name_by_content(text);
}

std::string config_versions(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    std::string versions;
    for (const auto& config : configs_of(workload, desired)) {
        versions += with_version(config, observed);
    }
    return versions;
}

std::string changed_configs(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    const auto* pass = find_pass(desired, observed, workload);
    std::string changed;
    for (const auto& config : configs_of(workload, desired)) {
        if (pass != nullptr &&
            pass->configs.find(with_version(config, observed)) == std::string::npos) {
            changed += (changed.empty() ? "" : ", ") + quoted(config);
        }
    }
    return changed;
}

const PassedTemplate* find_pass(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    if (!observed.tenant) {
        return nullptr;
    }
    const auto& passed = observed.tenant->passed_templates;
    const auto hash = app_template_hash(workload, desired.object.spec.app);
    const auto found = std::ranges::find(passed, hash, &PassedTemplate::app_template);
    return found == passed.end() ? nullptr : &*found;
}

Proof proof_of(const Desired& desired, const Observed& observed, const Workload& workload) {
    const auto* pass = find_pass(desired, observed, workload);
    if (pass == nullptr) {
        return Proof::None;
    }
    if (const auto applied = applied_now(observed); applied && *applied != pass->applied) {
        return Proof::DatabaseChanged;
    }
    return pass->configs == config_versions(desired, observed, workload) ? Proof::Passed
                                                                         : Proof::ConfigChanged;
}

bool has_nothing_passed(const Observed& observed) {
    return observed.tenant && observed.tenant->passed_templates.empty() &&
           observed.tenant->passed_images.empty();
}

bool has_passed(const Desired& desired, const Observed& observed, const Workload& workload) {
    return proof_of(desired, observed, workload) == Proof::Passed;
}

bool is_to_be_proven(const Desired& desired, const Observed& observed, const Workload& workload) {
    const auto proof = proof_of(desired, observed, workload);
    return proof == Proof::ConfigChanged ? workload.hold.has_value() : proof != Proof::Passed;
}

bool passed_before_templates(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    const auto image = app_image(workload, desired.object.spec.app);
    if (!observed.tenant || !image || !is_rolled_out(desired, workload)) {
        return false;
    }
    const auto& images = observed.tenant->passed_images;
    const auto& templates = observed.tenant->passed_templates;
    return std::ranges::find(images, *image) != images.end() &&
           std::ranges::find(templates, *image, &PassedTemplate::image) == templates.end();
}

PassedTemplate a_pass_of(
    const Desired& desired,
    const Observed& observed,
    const Workload& workload,
    const std::string& recorded_in,
    const ResourceUid& job
) {
    const auto& app = desired.object.spec.app;
    return {
        app_template_hash(workload, app),
        config_versions(desired, observed, workload),
        app_image(workload, app).value_or(ImageRef("")),
        name_of(observed.release.applied.value_or(AppliedMigrations{})),
        recorded_in,
        job,
        desired.object.spec.verify.when == VerifyWhen::Never ? std::nullopt
                                                             : std::optional(std::string())};
}

std::string proof_name(const Desired& desired, const Observed& observed, const Workload& workload) {
    return name_by_content(
        app_environment_hash(workload, desired.object.spec.app) + "\n" +
        config_versions(desired, observed, workload)
    );
}

const Workload* migration_source(const Desired& desired, const Observed& observed) {
    const auto place = [&](const Workload& workload) {
        return std::tuple(
            !is_to_be_proven(desired, observed, workload), workload.order, workload.meta.key.name
        );
    };
    const auto first = std::ranges::min_element(observed.release.workloads, {}, place);
    return first == observed.release.workloads.end() ? nullptr : &*first;
}

std::string job_shape(const Desired& desired) {
    const auto& [app, migrations] =
        std::tie(desired.object.spec.app, desired.object.spec.migrations);
    std::string shape;
    const auto add = [&](const char* field, const std::string& value) {
        shape.append("\n").append(field).append(" ").append(value);
    };
    for (const auto& word : app.entrypoint) {
        add("entrypoint", word);
    }
    for (const auto& name : app.keep_containers) {
        add("keepContainers", name);
    }
    if (app.pod_labels.policy != PodLabelsPolicy::Identity) {
        add("podLabels", app.pod_labels.policy == PodLabelsPolicy::Keep ? "Keep" : "None");
    }
    for (const auto& [key, value] : app.pod_labels.add) {
        add("podLabels", key + "=" + value);
    }
    for (const auto& [name, quantity] : migrations.resources.requests) {
        add("requests", name + "=" + quantity);
    }
    for (const auto& [name, quantity] : migrations.resources.limits) {
        add("limits", name + "=" + quantity);
    }
    for (const auto& [name, path, claim, limit] : migrations.volumes) {
        add("volumes", name + " " + path + " " + claim + " " + limit);
    }
    return shape;
}

// Without configs it is the one that the version before gave, whose Jobs go on.
Revision revision_of(const Desired& desired, const Observed& observed, const Workload& source) {
    const auto image = app_image(source, desired.object.spec.app).value_or(ImageRef(""));
    return Revision(name_by_content(
        desired.object.meta.uid.str() + "\n" + image.str() + "\n" + source.pod_template.text() +
        config_versions(desired, observed, source) + job_shape(desired)
    ));
}

bool is_spent(const Observed& observed, const JobRun& job) {
    return observed.tenant &&
           std::ranges::find(observed.tenant->passed_templates, job.uid, &PassedTemplate::job) !=
               observed.tenant->passed_templates.end();
}

bool is_migrating(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(desired, observed);
    const auto revision =
        source == nullptr ? Revision("") : revision_of(desired, observed, *source);
    return std::ranges::any_of(observed.jobs, [&](const JobRun& job) {
        const auto end = read_end(job);
        const bool is_to_be_recorded =
            job.revision == revision && said_ok(end) && !is_spent(observed, job);
        return job.kind == JobKind::Migrate &&
               (!is_over(end) || outlives_its_part(job) || is_to_be_recorded);
    });
}

const JobRun* latest_attempt(
    const std::vector<JobRun>& jobs, JobKind kind, const Revision& revision
) {
    const JobRun* latest = nullptr;
    for (const auto& job : jobs) {
        if (job.kind == kind && job.revision == revision &&
            (latest == nullptr || job.attempt > latest->attempt)) {
            latest = &job;
        }
    }
    return latest;
}

}  // namespace djdb
