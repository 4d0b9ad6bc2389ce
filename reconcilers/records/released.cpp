#include "reconcilers/records/released.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/ports/content_name.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <cstddef>
#include <string>

namespace djdb {
namespace {

std::string revision_of_template(
    const Desired& desired, const Observed& observed, const Workload& workload
) {
    const auto* pass = find_pass(desired, observed, workload);
    const bool is_as_it_passed = pass != nullptr && !is_to_be_proven(desired, observed, workload);
    return name_by_content(
        app_template_hash(workload, desired.object.spec.app) + "\n" +
        (is_as_it_passed ? pass->configs : config_versions(desired, observed, workload))
    );
}

}  // namespace

std::optional<DjangoReleaseSpec> released_now(const Desired& desired, const Observed& observed) {
    const auto& app = desired.object.spec.app;
    const auto* source = migration_source(desired, observed);
    const auto image = source == nullptr ? std::nullopt : app_image(*source, app);
    if (!image) {
        return std::nullopt;
    }
    constexpr std::size_t kMostTemplates = 256;  // as the schema has it
    DjangoReleaseSpec spec{{desired.object.meta.key.name.str()}, image->str(), {}, {}};
    std::string all;
    for (const auto& workload : observed.release.workloads) {
        const auto its = app_image(workload, app);
        if (!its) {
            return std::nullopt;
        }
        const auto name = workload.meta.key.name.str();
        const auto revision = revision_of_template(desired, observed, workload);
        if (spec.templates.size() < kMostTemplates) {
            spec.templates.push_back({name, its->str(), revision});
        }
        all.append(name).append(" ").append(revision).append("\n");
    }
    spec.revision = name_by_content(all);
    return spec;
}

}  // namespace djdb
