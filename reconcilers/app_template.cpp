#include "reconcilers/app_template.hpp"

#include "reconcilers/image_ref.hpp"
#include "reconcilers/ports/content_name.hpp"

#include <algorithm>

namespace djdb {
namespace {

/// Null: there is no container of that name.
const StartedContainer* find_app(const Workload& workload, const AppSpec& app) {
    return workload.pod_template.find(app_container(workload, app));
}

/// Those that stand in the template.
std::vector<const StartedContainer*> kept_containers(const Workload& workload, const AppSpec& app) {
    std::vector<const StartedContainer*> kept;
    for (const auto& name : app.keep_containers) {
        if (const auto* container = workload.pod_template.find_init(name)) {
            kept.push_back(container);
        }
    }
    return kept;
}

/// Without them it is the name that the version before gave.
std::string with_kept(const std::string& hash, const Workload& workload, const AppSpec& app) {
    auto all = hash;
    for (const auto* container : kept_containers(workload, app)) {
        all += "\n" + container->name + " " + container->hash;
    }
    return all == hash ? hash : name_by_content(all);
}

bool is_published_here(const Published& config, const Desired& desired) {
    if (config.kind == PublishedKind::ConfigMap) {
        return config.name == desired.ca_name;
    }
    return config.name == desired.secret_name || config.name == desired.migration_name ||
           std::ranges::find(desired.reader_secrets, config.name) != desired.reader_secrets.end();
}

}  // namespace

std::string app_container(const Workload& workload, const AppSpec& app) {
    if (!workload.app_container.empty()) {
        return workload.app_container;
    }
    return app.container.empty() ? workload.pod_template.default_container() : app.container;
}

std::optional<ImageRef> app_image(const Workload& workload, const AppSpec& app) {
    const auto* container = find_app(workload, app);
    return container == nullptr ? std::nullopt : std::optional(container->image);
}

bool may_be_pushed_anew(const Workload& workload, const AppSpec& app) {
    const auto* container = find_app(workload, app);
    return container != nullptr && !has_digest(container->image) &&
           (container->is_always_pulled || is_latest(container->image));
}

std::string app_template_hash(const Workload& workload, const AppSpec& app) {
    const auto* container = find_app(workload, app);
    return container == nullptr ? "" : with_kept(container->hash, workload, app);
}

std::string app_environment_hash(const Workload& workload, const AppSpec& app) {
    const auto* container = find_app(workload, app);
    return container == nullptr ? "" : with_kept(container->environment, workload, app);
}

bool reads_own_secret(const StartedContainer& container, const Desired& desired) {
    const Published secret{PublishedKind::Secret, desired.secret_name};
    return std::ranges::find(container.configs, secret) != container.configs.end();
}

bool names_own_secret(const Workload& workload, const Desired& desired) {
    const auto* container = find_app(workload, desired.object.spec.app);
    return container != nullptr && reads_own_secret(*container, desired);
}

std::vector<Published> configs_of(const Workload& workload, const Desired& desired) {
    const auto* container = find_app(workload, desired.object.spec.app);
    auto configs = container == nullptr ? std::vector<Published>{} : container->configs;
    for (const auto* kept : kept_containers(workload, desired.object.spec.app)) {
        configs.insert(configs.end(), kept->configs.begin(), kept->configs.end());
    }
    std::ranges::sort(configs);
    const auto [repeated, end] = std::ranges::unique(configs);
    configs.erase(repeated, end);
    std::erase_if(configs, [&](const auto& config) { return is_published_here(config, desired); });
    return configs;
}

}  // namespace djdb
